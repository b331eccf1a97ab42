import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { startPortcullis } from "../support/portcullis-process.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createClock, depotData, publicUrl, type RunningDepot } from "./running-depot.ts";
import { writeSampleApp } from "./sample-app.ts";

describe("publish --to", () => {
  const data = depotData(createClock());
  const base = temporaryFolder();
  let running: RunningDepot;
  let token: string;
  before(async () => {
    running = await data.start();
    const { stdout, stderr } = await runMain(["api-token", "create", "CI", ...data.place], { now: data.clock.now });
    assert.match(stdout, /^portcullis_[0-9a-f]{40}\n$/, stderr);
    token = stdout.trim();
  });

  const url = () => `http://127.0.0.1:${running.adminPort}`;
  async function publish(file: string, ...more: string[]): Promise<string> {
    const env = { PORTCULLIS_API_TOKEN: token };
    const { code, stdout, stderr } = await runMain(["publish", file, "--to", url(), ...more], { env });
    return code === 0 ? stdout : `${code} ${stderr}`;
  }
  const sample = (version: string) => writeSampleApp(join(base, `${version}.ipa`), { version });

  test("uploads and publishes a file, and prints a link that installs it", async () => {
    const file = sample("1.0");
    const printed = await publish(file, "--channel", "beta", "--for", "Testers", "--days", "3");
    const [first, link = ""] = printed.trimEnd().split("\n");
    assert.equal(first, "Notes 1.0 is on channel beta");
    const { body } = await running.request(await running.packageTarget(link.slice(publicUrl.length)));
    assert.ok(body.equals(readFileSync(file)));
    const again = JSON.parse(await publish(file, "--channel", "beta", "--for", "Others", "--json"));
    assert.deepEqual([again.wasKnown, again.bundleVersion, again.warnings], [true, "1.0", ["not_signed"]]);
    assert.match(again.link.installLink, /^itms-services:/);
    const page = await running.request(again.link.page.slice(publicUrl.length));
    assert.equal(page.status, 200);
    const { links } = (await data.links("list")) as { links: { recipient: string }[] };
    assert.deepEqual(links.map(({ recipient }) => recipient).sort(), ["Others", "Testers"]);
  });

  test("a command that is killed while it uploads continues where it stopped", async () => {
    const large = join(base, "large.ipa");
    writeSampleApp(large, { version: "2.1", size: 24 * 1024 * 1024 });
    const sha256 = createHash("sha256").update(readFileSync(large)).digest("hex");
    const part = join(data.data, "uploads", sha256);
    const size = () => statSync(part, { throwIfNoEntry: false })?.size ?? 0;

    const slow = await slowProxy(running.adminPort);
    const to = `http://127.0.0.1:${slow.port}`;
    const publishing = startPortcullis(["publish", large, "--to", to], { PORTCULLIS_API_TOKEN: token });
    while (size() < 1024 * 1024) await setTimeout(20);
    await publishing.end("SIGKILL");
    slow.close();
    const received = size();
    assert.ok(received < statSync(large).size);

    const counting = await slowProxy(running.adminPort, 0);
    const env = { PORTCULLIS_API_TOKEN: token };
    const { code, stderr } = await runMain(["publish", large, "--to", `http://127.0.0.1:${counting.port}`], { env });
    assert.equal(code, 0, stderr);
    assert.ok(counting.bytes() < statSync(large).size - received + 64 * 1024, "only the rest was sent");
    counting.close();
  });

  test("a response that is not from a depot is reported, whatever its length, and not stored", async () => {
    const bodies: readonly string[] = ["[1]", "null", '"text"', "{", `{"detail": "${"a".repeat(64 * 1024 * 1024)}"}`];
    let body = "";
    const other = createServer((_request, response) => response.end(body)).listen(0, "127.0.0.1");
    await once(other, "listening");
    const to = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    for (body of bodies) {
      const { code, stderr } = await runMain(["publish", sample("4.0"), "--to", to], {
        env: { PORTCULLIS_API_TOKEN: token },
      });
      assert.equal(code, 3);
      assert.match(stderr, /responded with 200: check that this is the URL/, body.slice(0, 20));
    }
    other.closeAllConnections();
    other.close();
  });

  type Scripted = readonly [status: number | "broken" | "cut", retryAfter?: string | undefined];

  /**
   * A server that gives one response after the other, or breaks the connection before or within its response, and
   * counts the requests.
   */
  async function scripted(responses: readonly Scripted[], ...args: string[]) {
    const published = {
      itemId: "1",
      page: "https://apps.example/i/1",
      url: "https://apps.example/m/1/manifest.plist",
      channel: "release",
      metadata: { title: "Notes", bundleVersion: "1.0" },
      warnings: [],
    };
    let requests = 0;
    const server = createServer((request, response) => {
      const [status, retryAfter] = responses[requests] ?? [201];
      requests += 1;
      request.resume();
      if (status === "broken") return request.socket.destroy();
      if (status === "cut") {
        request.on("end", () => {
          response.writeHead(202, { "Content-Length": "100" }).write("{", () => request.socket.destroy());
        });
        return;
      }
      if (retryAfter !== undefined) response.setHeader("Retry-After", retryAfter);
      response.writeHead(status).end(JSON.stringify(published));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const to = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { PORTCULLIS_API_TOKEN: token };
    const { code, stdout, stderr } = await runMain(["publish", sample("5.0"), "--to", to, ...args], { env });
    server.close();
    return { requests, printed: `${code} ${stdout}${stderr}` };
  }

  test("is repeated while the depot is at work, or not available, for as long as that says", async () => {
    const past = "Mon, 02 Mar 2026 10:00:00 GMT";
    const { requests, printed } = await scripted([
      ...([
        [503, "0"],
        [202, "0"],
        [503, past],
        [202, undefined],
        [502, "0"],
        [202, "0"],
      ] as const),
    ]);
    assert.match(printed, /^0 Notes 1\.0 is on channel release/);
    assert.equal(requests, 7);
  });

  test("is repeated at most six times, and not at all if the depot asks to wait an hour or refuses for another reason", async () => {
    const busy = await scripted(Array.from({ length: 20 }, () => [503, "0"] as const));
    assert.match(busy.printed, /^3 .*responded with 503/);
    assert.equal(busy.requests, 7);
    for (const [status, retryAfter] of [
      [503, "3600"],
      [400, "0"],
      [500, "0"],
      [504, "0"],
    ] as const) {
      const refused = await scripted([[status, retryAfter]]);
      assert.match(refused.printed, new RegExp(`^3 .*responded with ${status}`));
      assert.equal(refused.requests, 1);
    }
  });

  const unavailable = (times: number) => Array.from({ length: times }, (): Scripted => [503, "0"]);

  test("is repeated when a depot without a proxy is restarted, but not if it was never reached", async () => {
    const restarted = await scripted([[202, "0"], ["broken"]]);
    assert.match(restarted.printed, /^0 Notes 1\.0 is on channel release/);
    assert.equal(restarted.requests, 3);
    const gone = await scripted([[202, "0"], ["broken"], ...unavailable(20)]);
    assert.match(gone.printed, /^3 .*responded with 503/);
    assert.equal(gone.requests, 8, "a broken connection is one of the six attempts");
    const cut = await scripted([["cut"]]);
    assert.match(cut.printed, /^0 Notes 1\.0 is on channel release/);
    assert.equal(cut.requests, 2);
    const wrong = await scripted([["broken"]]);
    assert.match(wrong.printed, /^3 .*cannot be reached/);
    assert.equal(wrong.requests, 1);
  });

  test("has six further attempts after each response that it is at work", async () => {
    const { requests, printed } = await scripted([...unavailable(6), [202, "0"], ...unavailable(6)]);
    assert.match(printed, /^0 Notes 1\.0 is on channel release/);
    assert.equal(requests, 14);
  });

  test("does not request a link again if the first request might have created it", async () => {
    for (const failure of [[502, "0"], ["broken"]] as const) {
      const refused = await scripted([[201], failure], "--for", "Testers");
      assert.match(refused.printed, /^3 .*(responded with 502|cannot be reached)/);
      assert.equal(refused.requests, 2, String(failure));
    }
    const repeated = await scripted([[201], [503, "0"]], "--for", "Testers");
    assert.match(repeated.printed, /^0 /);
    assert.equal(repeated.requests, 3);
  });

  test("a file that is too large for its hosting location is not sent", async () => {
    const large = writeSampleApp(join(base, "too-large.ipa"), { size: 33 * 1024 * 1024 });
    assert.match(await publish(large, "--hosting", "database"), /^3 .*larger than 32 MiB.*\n.*data-folder or origin/);
    assert.deepEqual(readdirSync(join(data.data, "uploads")), []);
    const local = await runMain(["publish", large, ...data.place, "--hosting", "database"], { now: data.clock.now });
    assert.match(`${local.code} ${local.stderr}`, /^3 .*larger than 32 MiB/);
  });

  test("each mistake gets a message that says what to do", async () => {
    const file = sample("3.0");
    const run = async (args: string[], env: Record<string, string> = {}) => {
      const { code, stderr } = await runMain(["publish", ...args], { env });
      return `${code} ${stderr}`;
    };
    const good = { PORTCULLIS_API_TOKEN: token };
    assert.match(await run([file]), /^2 .*--data or --to is missing\nPass the folder/);
    assert.match(await run([file, "--to", url()]), /^2 .*the API token is missing\nSet PORTCULLIS_API_TOKEN/);
    assert.match(
      await run([file, "--to", url()], { PORTCULLIS_API_TOKEN: "secret" }),
      /^3 .*does not contain an API token/,
    );
    const other = { PORTCULLIS_API_TOKEN: `portcullis_${"0".repeat(40)}` };
    assert.match(await run([file, "--to", url()], other), /^3 .*missing, unknown, expired or revoked/);
    for (const to of [
      "http://depot.example",
      "https://depot.example/x",
      "https://u:p@depot.example",
      "depot",
      "ftp://a",
    ]) {
      assert.match(await run([file, "--to", to], good), /^2 .*--to must be https:/, to);
    }
    assert.match(await run([file, "--to", "http://127.0.0.1:1"], good), /^3 .*127\.0\.0\.1:1 cannot be reached/);
    assert.match(
      await run([file, "--to", `http://127.0.0.1:${running.port}`], good),
      /^3 .*check that this is the URL/s,
    );
    assert.match(await run([file, "--to", url(), "--days", "3"], good), /^2 .*--days has no effect without --for/);
    assert.match(await run([file, "--to", url(), "--qr"], good), /^2 .*--qr has no effect without --for/);
    assert.match(await run([file, "--data", "x", "--api-token-file", "x"]), /^2 .*no effect without --to/);
    assert.match(await run([join(base, "none.ipa"), "--to", url()], good), /^3 .*none\.ipa: there is no such file/);
    const text = join(base, "text.ipa");
    writeFileSync(text, "no package");
    assert.match(await run([text, "--to", url()], good), /^3 .*text\.ipa: The file is neither/);
    const tokenFile = join(base, "token");
    writeFileSync(tokenFile, `${token}\n`);
    assert.match(
      await run([file, "--to", url(), "--api-token-file", tokenFile, "--channel", "A b"]),
      /^3 .*lower-case/,
    );
  });
});

describe("publish --for on the depot's own machine", () => {
  test("makes a link to the channel; before the depot was started, it publishes nothing", async () => {
    const data = depotData();
    const file = writeSampleApp(join(temporaryFolder(), "App.ipa"));
    const early = await runMain(["publish", file, ...data.place, "--for", "iPad"]);
    assert.match(`${early.code} ${early.stderr}`, /^3 .*public URL is not known/);
    const running = await data.start();
    assert.match((await runMain(["item", "list", ...data.place])).stdout, /^Nothing has been published/);
    const { stdout } = await runMain(["publish", file, ...data.place, "--for", "iPad", "--qr"], { terminal: 200 });
    const link = stdout.trimEnd().split("\n").at(-1) ?? "";
    assert.equal((await running.request(link.slice(publicUrl.length))).status, 200);
    assert.match(stdout, /[▀▄█]/);
    const page = stdout.trimEnd().split("\n").at(-2) ?? "";
    assert.match(page, /^https:\/\/apps\.example\/i\/[0-9a-f]{40}$/, "the code is of the page: for a person");
    assert.equal((await running.request(page.slice(publicUrl.length))).status, 200);
  });
});

describe("portcullis api-token", () => {
  const data = depotData();
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runMain(["api-token", ...args, ...data.place], { now: data.clock.now });
    return code === 0 ? stdout : `${code} ${stderr}`;
  };

  test("creates, lists and revokes tokens", async () => {
    await data.publish();
    const { id } = JSON.parse(await run("create", "Notes CI", "--days", "5", "--json"));
    assert.match(await run("list"), /^ID +FOR +STATE +USE\n\S+ +Notes CI +works until \S+ \S+ +never used\n$/);
    assert.equal(await run("revoke", id), `API token ${id} is revoked.\n`);
    assert.match(await run("list"), / revoked \d/);
  });

  test("each mistake gets a message that says what to do", async () => {
    assert.match(await run("make"), /^2 .*ACTION must be one of create, list, revoke/);
    assert.match(await run("create"), /^2 .*specify a name, such as CI/);
    assert.match(await run("revoke"), /^2 .*specify the ID/);
    assert.match(await run("revoke", "0000000000"), /^3 .*no API token with the ID 0000000000\nList them/);
    assert.match(await run("list", "x"), /^2 .*takes no further operand: remove x/);
    assert.match(await run("create", " "), /^3 .*1 to 200 characters/);
    assert.match(await run("revoke", "x", "--days", "3"), /^2 .*--days has no effect/);
    assert.match(await run("create", "x", "--limit", "3"), /^2 .*--limit has no effect/);
  });
});

/** A proxy that forwards what it gets, in parts with a pause between them, and counts the bytes of bodies. */
async function slowProxy(port: number, pause = 50) {
  let bytes = 0;
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    const outgoing = send({ host: "127.0.0.1", port, method, path: url, headers }, (incoming) => {
      response.writeHead(incoming.statusCode ?? 0, incoming.headers);
      incoming.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    try {
      for await (const chunk of request) {
        bytes += chunk.length;
        outgoing.write(chunk);
        if (pause > 0) await setTimeout(pause);
      }
      outgoing.end();
    } catch {
      outgoing.destroy(); // the client was killed
    }
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  after(close);
  return { port: (server.address() as AddressInfo).port, bytes: () => bytes, close };
}
