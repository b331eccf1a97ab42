import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { folder, serveFrom } from "@portcullis/origin/node";
import { freePort } from "../support/free-port.ts";
import { startPortcullis } from "../support/portcullis-process.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeTlsFiles } from "../support/tls-files.ts";
import { type AdminBrowser, adminBrowser } from "./admin-browser.ts";
import { depotData } from "./running-depot.ts";
import { writeSampleApp } from "./sample-app.ts";

const app = "com.example.notes";
const password = "correct horse battery";

// The web server is `serve` with the depot's public keys, and a certificate that only the depot's commands trust.
const depot = depotData();
const base = temporaryFolder();
const www = join(base, "www");
mkdirSync(www);
writeSampleApp(join(www, "Notes.ipa"));
const tls = writeTlsFiles(base);
await depot.publish({ identifier: "com.example.other" });
const running = await depot.start();
const publicKeys = join(base, "depot.json");
writeFileSync(publicKeys, (await runMain(["configuration", "public-keys", ...depot.place])).stdout);
const listen = ["--host", "127.0.0.1", "--port", "0", "--tls-cert", tls.cert, "--tls-key", tls.key];
const server = startPortcullis(["serve", www, "--key", publicKeys, "--path-bound", ...listen]);
const url = `https://localhost:${await server.port()}/Notes.ipa`;

// A process of its own on the same data, which trusts the certificate of the web server.
const ownListen = [
  "--public-url",
  "https://apps.example",
  "--host",
  "127.0.0.1",
  "--port",
  "0",
  "--admin",
  "127.0.0.1:0",
];
const own = startPortcullis(
  ["depot", ...depot.place, ...ownListen, "--web-server", new URL(url).origin, "--reset-password"],
  { NODE_EXTRA_CA_CERTS: tls.cert },
);

describe("a file on a web server that checks the depot's tokens", () => {
  let path: string;

  /** Runs in a process of its own, because Node.js reads only at its start which certificates to trust. */
  async function run(...args: string[]): Promise<string> {
    const command = startPortcullis([...args, ...depot.place], { NODE_EXTRA_CA_CERTS: tls.cert });
    let output = "";
    command.child.stdout.on("data", (text) => {
      output += text;
    });
    const code = await command.ended;
    return code === 0 ? output : `${code} ${command.stderr()}${output}`;
  }

  test("is published by its URL: read once with a token, described, and not copied", async () => {
    const files = readdirSync(join(depot.data, "files"));
    const output = await run("publish", url, "--json");
    assert.match(output, /^\{/);
    const published = JSON.parse(output);
    assert.equal(published.bundleIdentifier, app);
    assert.equal(published.hosting, "web-server");
    assert.equal(published.size, readFileSync(join(www, "Notes.ipa")).length);
    assert.deepEqual(readdirSync(join(depot.data, "files")), files);
    assert.deepEqual(readdirSync(join(depot.data, "incoming")), []);
    path = (await depot.link()).path;
  });

  test("is in the manifest with a token that opens only this file", async () => {
    const { body } = await running.request(path);
    const [, link = ""] = /<string>(https:\/\/localhost[^<]+)<\/string>/.exec(body.toString()) ?? [];
    assert.ok(link.startsWith(`${url}?token=`), link);
    const { stdout } = await runMain([
      "inspect",
      link.replaceAll("&amp;", "&"),
      "--json",
      "--path-bound",
      "--key",
      publicKeys,
    ]);
    assert.equal(JSON.parse(stdout).allowed, true, stdout);
    const other = link.replace("/Notes.ipa", "/Other.ipa");
    const refused = await runMain(["inspect", other, "--json", "--path-bound", "--key", publicKeys]);
    assert.match(JSON.parse(refused.stdout).verdict, /path_mismatch/);
  });

  test("cannot be downloaded from the depot", async () => {
    const { stdout } = await runMain(["item", "versions", app, ...depot.place, "--json"]);
    const [{ sha256 }] = JSON.parse(stdout).versions;
    assert.equal((await running.request(`/f/${sha256}/Notes.ipa`)).status, 401);
  });

  test("is checked where it is; one that was replaced is reported", async () => {
    assert.match(await run("item", "check", app), /^ID +HOSTING +STATE\n\S+ +web-server +ok\n$/);
    const original = readFileSync(join(www, "Notes.ipa"));
    writeSampleApp(join(www, "Notes.ipa"), { version: "2.0", size: 1000 });
    assert.match(
      await run("item", "check", app),
      /^1 .*web-server +the file has been replaced since it was published/s,
    );
    writeFileSync(join(www, "Notes.ipa"), original);
  });

  test("can be moved into the depot and back, if it is the same file", async () => {
    copyFileSync(join(www, "Notes.ipa"), join(www, "copy.ipa"));
    // The bytes are the same as before, but the web server reports a new modification time.
    assert.match(await run("item", "host", app, "--hosting", "database"), /^3 .*replaced since it was published/);
    writeSampleApp(join(www, "different.ipa"), { size: 1000 });
    const different = await run("item", "host", app, "--url", url.replace("Notes", "different"));
    assert.match(different, /^3 .*the file there is not the one that was published/);
    const copy = url.replace("Notes", "copy");
    assert.equal(await run("item", "host", app, "--url", copy), `${app}: 1 file was moved to ${copy}\n`);
    assert.match(await run("item", "check", app), /web-server +ok/);
    assert.match(await run("item", "host", app, "--hosting", "database"), /1 file was moved to database/);
    const target = await running.packageTarget(path);
    assert.ok((await running.request(target)).body.equals(readFileSync(join(www, "copy.ipa"))));
    assert.match(await run("item", "host", app, "--url", copy), /1 file was moved to https:/);
  });

  test("is reported by a check if anyone can download it, because its tokens are then useless", async () => {
    const everybody = createServer(
      { cert: readFileSync(tls.cert), key: readFileSync(tls.key) },
      serveFrom(folder(www)),
    );
    const port = await freePort();
    await new Promise<void>((resolve) => everybody.listen(port, "127.0.0.1", resolve));
    const open = `https://localhost:${port}/copy.ipa`;
    try {
      assert.match(await run("item", "host", app, "--url", open), /1 file was moved/);
      assert.match(await run("item", "check", app), /^1 .*web-server +the web server serves the file to anyone/s);
    } finally {
      everybody.close();
      everybody.closeAllConnections();
    }
    assert.match(await run("item", "check", app), /^1 .*cannot be reached/s);
  });

  test("must be on https, with a plain name, and must exist", async () => {
    for (const [name, problem] of [
      [url.replace("https:", "http:"), /must begin with https:\/\//],
      [`${url}?x=1`, /no user name, query or fragment/],
      [url.replace("//", "//user:secret@"), /no user name, query or fragment/],
      [url.replace("Notes", "No%20tes"), /does not name a file/],
      [url.replace("Notes", "missing"), /cannot be read: there is no such file/],
    ] as const) {
      const output = await run("publish", name);
      assert.match(output, /^3 /, name);
      assert.match(output, problem, name);
      assert.doesNotMatch(output, /secret/);
    }
  });

  test("options that have no effect on it are refused", async () => {
    for (const [args, problem] of [
      [["publish", url, "--hosting", "database"], /--hosting has no effect on a file that stays on a web server/],
      [["publish", "App.ipa", "--data-key-file", "x"], /--data-key-file has an effect only with --data and the URL/],
      [["item", "host", app], /pass one of --hosting, --url and --object/],
      [["item", "host", app, "--hosting", "database", "--url", url], /pass one of --hosting, --url and --object/],
      [["item", "list", "--url", url], /--url has no effect on item list/],
    ] as const) {
      const { code, stderr } = await runMain([...args, ...depot.place]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, problem);
    }
  });
});

describe("a file on a web server, on the pages and with the API", () => {
  let adminPort: number;
  let browser: AdminBrowser;
  let item: string;
  before(async () => {
    const { msg = "" } = await own.line((line) => /\/setup\//.test(line.msg ?? ""));
    const setup = new URL(/http:\S+/.exec(msg)?.[0] ?? "");
    adminPort = Number(setup.port);
    browser = adminBrowser({ adminPort });
    await browser.post(setup.pathname, { password, repeated: password });
    writeSampleApp(join(www, "Page.ipa"), { version: "7.0" });
    writeSampleApp(join(www, "Job.ipa"), { version: "8.0" });
  });

  const address = (name: string) => url.replace("Notes.ipa", name);

  test("is published by its URL", async () => {
    assert.match((await browser.get("/items")).text, /URL on a web server/);
    const { status, headers, text } = await browser.send("/items/hosted", {
      address: address("Page.ipa"),
      channel: "page",
    });
    assert.equal(status, 303, text);
    item = /^\/items\/([^?]+)/.exec(String(headers.location))?.[1] ?? "";
    const page = (await browser.get(`/items/${item}`)).text;
    assert.ok(page.includes(`Web server<span class="address">${address("Page.ipa")}</span>`), page);
    assert.match((await browser.get("/audit")).text, /7\.0 on page, hosting location web-server/);
  });

  test("must be on a web server that the depot was started with, and be there", async () => {
    for (const [wrong, problem] of [
      ["http://localhost/App.ipa", /must begin with https:\/\//],
      ["https://169.254.169.254/App.ipa", /not configured to use files on https:\/\/169\.254\.169\.254/],
      [address("missing.ipa"), /there is no such file/],
      ["apps/App.ipa", /The depot has no origin/],
    ] as const) {
      const { status, text } = await browser.send("/items/hosted", { address: wrong, channel: "page" });
      assert.equal(status, 400, wrong);
      assert.match(text, problem);
      assert.match(text, /<input id="address"[^>]* aria-invalid="true"/);
      assert.ok(text.includes(`value="${wrong}"`), "what was typed is still there");
    }
  });

  test("can be moved into the depot and back, and is checked", async () => {
    const { text } = await browser.get(`/items/${item}`);
    const [, version = ""] = /<option value="([^"]+)">7\.0/.exec(text) ?? [];
    const host = (fields: Readonly<Record<string, string>>) =>
      browser.send(`/items/${item}/host`, { version, ...fields });
    assert.equal((await host({ hosting: "database" })).headers.location, `/items/${item}?done=moved`);
    const wrong = await host({ hosting: "web-server", url: address("Job.ipa") });
    assert.equal(wrong.status, 400);
    assert.match(wrong.text, /The file there is not the one that was published/);
    assert.match(wrong.text, /<input id="moved-url"[^>]* aria-invalid="true"/);
    const back = await host({ hosting: "web-server", url: address("Page.ipa") });
    assert.equal(back.headers.location, `/items/${item}?done=moved`);
    const audit = (await browser.get("/audit")).text;
    assert.ok(audit.includes(`7.0 from database to web-server, ${address("Page.ipa")}`), audit);
  });

  test("is published by a job, which can make the depot send requests nowhere else", async () => {
    const { stdout } = await runMain(["api-token", "create", "CI", ...depot.place]);
    const env = { PORTCULLIS_API_TOKEN: stdout.trim() };
    const publish = (file: string) =>
      runMain(["publish", file, "--to", `http://127.0.0.1:${adminPort}`, "--channel", "job", "--json"], { env });
    const published = await publish(address("Job.ipa"));
    assert.equal(published.code, 0, published.stderr);
    const { hosting, bundleVersion } = JSON.parse(published.stdout);
    assert.deepEqual([hosting, bundleVersion], ["web-server", "8.0"]);
    const refused = await publish("https://169.254.169.254/App.ipa");
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /not configured to use files on https:\/\/169\.254\.169\.254[\s\S]*--web-server/);
  });
});
