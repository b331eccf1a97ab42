import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { type Depot, openDepot } from "@portcullis/depot";
import { openStore } from "../../packages/depot/src/store/open-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createClock, depotData, publicUrl, type RunningDepot } from "./running-depot.ts";
import { writeSampleApp } from "./sample-app.ts";

describe("uploads", () => {
  const clock = createClock();
  const data = depotData(clock);
  let depot: Depot;
  let running: RunningDepot;
  let token: string;
  before(async () => {
    depot = await openDepot({ ...data.options, now: clock.now });
    running = await data.start("--max-upload", "1");
    token = (await depot.apiTokens.create({ name: "CI" })).token;
  });

  const base = () => `http://127.0.0.1:${running.adminPort}`;
  const uploadsFolder = join(data.data, "uploads");
  const received = () => (existsSync(uploadsFolder) ? readdirSync(uploadsFolder) : []);

  function send(method: string, path: string, headers: Record<string, string> = {}, body?: Buffer | string) {
    return fetch(base() + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Tus-Resumable": "1.0.0", ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : new Uint8Array(body) }),
    });
  }
  async function create(size: number, sha256?: string): Promise<string> {
    const metadata =
      sha256 === undefined ? {} : { "Upload-Metadata": `sha256 ${Buffer.from(sha256).toString("base64")}` };
    const response = await send("POST", "/api/uploads", { "Upload-Length": String(size), ...metadata });
    assert.equal(response.status, 201, await response.text());
    return response.headers.get("location") ?? "";
  }
  const patch = (path: string, offset: number, body: Buffer) =>
    send("PATCH", path, { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" }, body);
  async function offsetOf(path: string): Promise<string> {
    const response = await send("HEAD", path);
    return `${response.status} ${response.headers.get("upload-offset")}`;
  }
  const post = (path: string, body: object | string) =>
    send("POST", path, { "Content-Type": "application/json" }, typeof body === "string" ? body : JSON.stringify(body));
  const publish = (location: string, more: object = {}) =>
    post("/api/versions", { upload: location.split("/").at(-1), fileName: "App.ipa", ...more });
  const sample = (version: string) => readFileSync(writeSampleApp(join(temporaryFolder(), "App.ipa"), { version }));
  const hashOf = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

  test("a file that is sent in parts is published when it is complete, and not before", async () => {
    const app = sample("1.0");
    const location = await create(app.length);
    assert.equal((await patch(location, 0, app.subarray(0, 100))).status, 204);
    assert.equal((await publish(location)).status, 404);
    assert.equal(await offsetOf(location), "200 100");
    assert.equal((await patch(location, 100, app.subarray(100))).headers.get("upload-offset"), String(app.length));
    const response = await publish(location, { channel: "beta" });
    assert.equal(response.status, 201);
    const published = (await response.json()) as Record<string, unknown>;
    assert.deepEqual([published.sha256, published.channel, published.size], [hashOf(app), "beta", app.length]);
    assert.deepEqual(received(), [], "the upload is gone");

    const made = await post("/api/links", {
      item: "com.example.notes",
      channel: "beta",
      recipient: "Testers",
      days: 3,
    });
    const { url } = (await made.json()) as { url: string };
    const file = await running.request(await running.packageTarget(url.slice(publicUrl.length)));
    assert.ok(file.body.equals(app));
  });

  test("an upload that is named by its hash is found again without its URL, also by another depot on this data", async () => {
    const app = sample("2.0");
    const sha256 = hashOf(app);
    const location = await create(app.length, sha256);
    assert.equal(location, `/api/uploads/${sha256}`);
    await patch(location, 0, app.subarray(0, 50));
    await running.end();
    running = await data.start("--max-upload", "1");
    assert.equal(await offsetOf(`/api/uploads/${sha256}`), "200 50");
    await patch(location, 50, app.subarray(50));
    const first = await (await publish(sha256)).json();
    const again = await publish(sha256);
    assert.equal(again.status, 201, "the response to the first request can have been lost");
    assert.deepEqual(await again.json(), { ...(first as object), wasKnown: true });
  });

  test("what arrived before the connection broke is kept", async () => {
    const app = sample("3.0");
    const location = await create(app.length);
    const headers = {
      ...{ Authorization: `Bearer ${token}`, "Tus-Resumable": "1.0.0", "Upload-Offset": "0" },
      ...{ "Content-Type": "application/offset+octet-stream", "Content-Length": String(app.length) },
    };
    const request = httpRequest({
      port: running.adminPort,
      host: "127.0.0.1",
      path: location,
      method: "PATCH",
      headers,
    });
    request.on("error", () => {});
    request.write(app.subarray(0, 60));
    const file = join(uploadsFolder, location.split("/").at(-1) ?? "");
    while (readFileSync(file).length < 60) await setTimeout(10);
    request.destroy();
    while ((await offsetOf(location)) !== "200 60") await setTimeout(10);
    assert.equal((await patch(location, 60, app.subarray(60))).status, 204);
    assert.equal(((await (await publish(location)).json()) as { sha256: string }).sha256, hashOf(app));
  });

  test("a package that cannot be published gets the issuer's message, and is removed", async () => {
    const junk = randomBytes(300);
    const location = await create(junk.length);
    await patch(location, 0, junk);
    const response = await publish(location);
    assert.equal(response.status, 422);
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    const { code, detail } = (await response.json()) as Record<string, string>;
    assert.deepEqual([code, detail], ["package_unknown", "The file is neither an .ipa (zip) nor a flat .pkg (xar)."]);
    assert.deepEqual(received(), []);
  });

  test("a file that is not the one that its hash announced is refused, and removed", async () => {
    const app = sample("4.0");
    const wrong = "0".repeat(64);
    const location = await create(app.length, wrong);
    await patch(location, 0, app);
    const response = await publish(wrong);
    assert.equal(`${response.status} ${((await response.json()) as { code: string }).code}`, "400 upload_damaged");
    assert.deepEqual(received(), []);
  });

  test("what is larger than --max-upload is refused before it is sent, and while it is sent", async () => {
    const response = await send("POST", "/api/uploads", { "Upload-Length": String(1024 * 1024 + 1) });
    assert.match(`${response.status} ${await response.text()}`, /^413 .*larger than 1 MiB/);
    const location = await create(10);
    assert.equal((await patch(location, 0, randomBytes(11))).status, 413);
    assert.equal(await offsetOf(location), "200 0");
    assert.equal((await send("DELETE", location)).status, 204);
    assert.equal(await offsetOf(location), "404 null");
  });

  test("an upload to which nothing was added for a day is removed by the next one", async () => {
    const old = await create(10);
    const file = join(uploadsFolder, old.split("/").at(-1) ?? "");
    const yesterday = Date.now() / 1000 - 86_401;
    writeFileSync(`${file}.new`, "of a process that was killed");
    utimesSync(file, yesterday, yesterday);
    const location = await create(10);
    assert.equal(await offsetOf(old), "404 null");
    assert.equal(existsSync(`${file}.new`), false);
    assert.equal(await offsetOf(location), "200 0");
  });

  test("no path and no name leads out of the folder", async () => {
    for (const name of ["..%2f..%2fdepot.db", "..", "%2e%2e", "a".repeat(33), "A".repeat(32), "x.json"]) {
      assert.ok((await send("HEAD", `/api/uploads/${name}`)).status >= 400, name);
      assert.ok((await send("DELETE", `/api/uploads/${name}`)).status >= 400, name);
      assert.equal((await publish(name)).status, 404, name);
    }
    assert.ok(existsSync(data.data));
  });

  test("each mistake in a body gets a code, and a message that says what to do", async () => {
    const upload = { upload: "x", fileName: "App.ipa" };
    const link = { item: "x", recipient: "a" };
    for (const [path, body, status, code, detail] of [
      ["versions", "nothing", 400, "field_invalid", /JSON body must be an object/],
      ["versions", { upload: 5 }, 400, "field_invalid", /^The member upload of the JSON body must be a string without/],
      ["versions", { ...upload, fileName: 5 }, 400, "field_invalid", /^The member fileName .* must be a string/],
      ["versions", { ...upload, fileName: "a\0" }, 400, "field_invalid", /^The member fileName .* NUL characters\.$/],
      ["versions", { ...upload, channel: 5 }, 400, "field_invalid", /^The member channel .* must be a string/],
      ["versions", { ...upload, size: -1 }, 400, "field_invalid", /^The member size .* must be a whole number\.$/],
      ["versions", { ...upload, size: 1.5 }, 400, "field_invalid", /^The member size .* must be a whole number\.$/],
      ["versions", { ...upload, size: "1" }, 400, "field_invalid", /^The member size .* must be a whole number\.$/],
      [
        "versions",
        { ...upload, hosting: "web-server" },
        400,
        "field_invalid",
        /^The member hosting .* data-folder, data/,
      ],
      ["versions", { url: 5 }, 400, "field_invalid", /^The member url of the JSON body must be a string/],
      ["versions", { object: 5 }, 400, "field_invalid", /^The member object of the JSON body must be a string/],
      ["links", { ...link, days: "3" }, 400, "field_invalid", /^The member days of the JSON body must be a number\.$/],
      ["links", { item: "x" }, 400, "field_invalid", /^The member recipient of the JSON body must be a string/],
      ["links", { recipient: "a" }, 400, "field_invalid", /^The member item of the JSON body must be a string/],
      ["links", link, 404, "item_unknown", /x has been published/],
      ["links", "x".repeat(20_000), 413, "body_too_large", /^The body is too large\.$/],
      ["other", {}, 404, "not_found", /^The API has no such path\.$/],
    ] as const) {
      const response = await post(`/api/${path}`, body);
      const problem = (await response.json()) as { code: string; detail: string };
      assert.deepEqual([response.status, problem.code], [status, code], JSON.stringify(body).slice(0, 80));
      assert.match(problem.detail, detail);
    }
    const unauthenticated = await send("GET", "/api/links", { Authorization: "" });
    assert.equal(unauthenticated.headers.get("www-authenticate"), "Bearer");
    const { code, detail } = (await unauthenticated.json()) as { code: string; detail: string };
    assert.equal(code, "api_token_invalid");
    assert.equal(detail, "The API token is missing, unknown, expired or revoked.");
  });

  test("without a valid API token nothing is done; a revoked or expired one is refused with the next request", async () => {
    const status = async (bearer: string | undefined) => {
      const headers = bearer === undefined ? {} : { Authorization: bearer };
      const response = await fetch(`${base()}/api/links`, { method: "POST", headers, body: "{}" });
      await response.text();
      return response.status;
    };
    const one = await depot.apiTokens.create({ name: "One", days: 1 });
    const other = await depot.apiTokens.create({ name: "Other" });
    assert.equal(await status(`Bearer ${one.token}`), 400);
    for (const wrong of [
      undefined,
      "",
      "Bearer",
      `Bearer ${one.token}0`,
      `Bearer ${one.token.toUpperCase()}`,
      one.token,
    ]) {
      assert.equal(await status(wrong), 401, wrong);
    }
    assert.equal((await send("HEAD", "/api/uploads/x", { Authorization: "Bearer x" })).status, 401);
    await depot.apiTokens.revoke(other.id);
    assert.equal(await status(`Bearer ${other.token}`), 401);
    clock.pass(86_399);
    assert.equal(await status(`Bearer ${one.token}`), 400);
    clock.pass(1);
    assert.equal(await status(`Bearer ${one.token}`), 401);
    const { entries } = await depot.apiTokens.list();
    const record = entries.find(({ id }) => id === one.id);
    assert.deepEqual([record?.name, record?.lastUsedAt], ["One", clock.now() - 1]);
    await depot.close();
  });

  test("the public listener has no API", async () => {
    const { status } = await running.request("/api/links", {
      method: "POST",
      headers: { Authorization: `Bearer ${token}` },
    });
    assert.equal(status, 404);
  });

  test("neither the log nor the database contains an API token", async () => {
    assert.equal(running.log().includes(token), false);
    const store = await openStore(data.storePlace);
    const rows = JSON.stringify(await store.db.selectFrom("api_token").selectAll().execute());
    await store.close();
    assert.ok(rows.includes(createHash("sha256").update(token).digest("hex")));
    assert.equal(rows.includes(token.slice(-40)), false);
  });
});
