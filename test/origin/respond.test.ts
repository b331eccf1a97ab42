import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Origin, respond } from "@portcullis/origin";
import { folder } from "@portcullis/origin/node";
import { openDescriptors } from "../support/open-descriptors.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const www = temporaryFolder();
const longAgo = new Date("2026-01-02T03:04:05Z");
for (const name of ["app.ipa", "with space é.ipa"]) {
  fs.writeFileSync(join(www, name), "0123456789");
  fs.utimesSync(join(www, name), longAgo, longAgo);
}
const origin = folder(www);

const ask = (path: string, headers: HeadersInit = {}, method = "GET") =>
  respond(origin, new Request(`https://files.example${path}`, { method, headers }));

test("a file is sent whole, with everything that a client needs to resume it", async () => {
  const response = await ask("/app.ipa?other=1");
  const headers = Object.fromEntries(response.headers);
  assert.match(headers.etag ?? "", /^"[\w-]+"$/);
  delete headers.etag;
  assert.equal(response.status, 200);
  assert.deepEqual(headers, {
    "accept-ranges": "bytes",
    "cache-control": "private",
    "content-length": "10",
    "content-type": "application/octet-stream",
    "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  });
  assert.equal(await response.text(), "0123456789");
});

test("HEAD has the same headers without a body; a range gives 206, a known version 304, a range beyond the end 416", async () => {
  const whole = await ask("/app.ipa");
  const head = await ask("/app.ipa", {}, "HEAD");
  assert.deepEqual([...head.headers], [...whole.headers]);
  assert.equal(await head.text(), "");
  await whole.body?.cancel();
  const part = await ask("/app.ipa", { Range: "bytes=2-4" });
  assert.deepEqual([part.status, part.headers.get("content-range")], [206, "bytes 2-4/10"]);
  assert.equal(await part.text(), "234");
  const known = await ask("/app.ipa", { "If-None-Match": whole.headers.get("etag") ?? "" });
  assert.deepEqual([known.status, known.headers.get("content-length"), await known.text()], [304, null, ""]);
  const beyond = await ask("/app.ipa", { Range: "bytes=10-" });
  assert.deepEqual([beyond.status, beyond.headers.get("content-range")], [416, "bytes */10"]);
  assert.equal((await ask("/app.ipa", { "If-Match": '"other"' })).status, 412);
});

test("names with a space and a letter that is not ASCII are found in their encoded form", async () => {
  const response = await ask(`/${encodeURIComponent("with space é.ipa")}`);
  assert.deepEqual([response.status, await response.text()], [200, "0123456789"]);
});

for (const [path, method, status] of [
  ["/absent.ipa", "GET", 404],
  ["/absent.ipa", "HEAD", 404],
  ["/%2e%2e%2fetc/passwd", "GET", 400],
  ["/", "GET", 400],
  ["/app.ipa", "POST", 405],
  ["/app.ipa", "DELETE", 405],
] as const) {
  test(`${method} ${path} is a problem document of status ${status}`, async () => {
    const response = await ask(path, {}, method);
    assert.equal(response.status, status);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    if (status === 405) assert.equal(response.headers.get("allow"), "GET, HEAD");
    if (method !== "HEAD") assert.equal(JSON.parse(await response.text()).status, status);
  });
}

test("a problem with the origin is passed to onProblem, and the client gets a status without details", async () => {
  for (const status of [404, 502, 503] as const) {
    const failing: Origin = { open: async () => ({ found: false, status, problem: "no such bucket: secret-name" }) };
    const problems: string[] = [];
    const response = await respond(failing, new Request("https://files.example/apps/a.ipa"), {
      under: "/apps",
      onProblem: (problem, name) => problems.push(`${name}: ${problem}`),
    });
    assert.equal(response.status, status);
    assert.doesNotMatch(await response.text(), /bucket|secret/);
    assert.deepEqual(problems, ["a.ipa: no such bucket: secret-name"]);
  }
});

test("a client that disconnects aborts the origin's work for it", async () => {
  const controller = new AbortController();
  let signal: AbortSignal | undefined;
  const slow: Origin = {
    async open(_name, options) {
      signal = options?.signal;
      return { found: false, status: 404 };
    },
  };
  await respond(slow, new Request("https://files.example/a.ipa", { signal: controller.signal }));
  controller.abort();
  assert.equal(signal?.aborted, true);
});

test("a file is closed if the client disconnects, even if nothing cancels the body of the response", async () => {
  const apps = temporaryFolder();
  fs.writeFileSync(join(apps, "large.ipa"), new Uint8Array(1024 * 1024));
  fs.utimesSync(join(apps, "large.ipa"), longAgo, longAgo);
  for (const when of ["before the file is opened", "before the body is read", "while the body is read"] as const) {
    const client = new AbortController();
    if (when === "before the file is opened") client.abort();
    const request = new Request("https://files.example/large.ipa", { signal: client.signal });
    const reader = (await respond(folder(apps), request)).body?.getReader();
    assert.ok(reader);
    if (when === "while the body is read") assert.equal((await reader.read()).done, false);
    if (!client.signal.aborted) assert.equal(openDescriptors(apps), 1, when);
    client.abort();
    assert.equal(openDescriptors(apps), 0, when);
    await assert.rejects(reader.read(), { name: "AbortError" });
  }
});

test("without onProblem, a problem is printed to standard error", async (t) => {
  const { mock } = t.mock.method(console, "error", () => {});
  const failing: Origin = { open: async () => ({ found: false, status: 503, problem: "no bucket" }) };
  await respond(failing, new Request("https://files.example/a.ipa"));
  assert.deepEqual(mock.calls[0]?.arguments, ["a.ipa: no bucket"]);
});

test("where the runtime needs the length of a stream, it is the length of the range", async (t) => {
  const lengths: number[] = [];
  class FixedLengthStream extends TransformStream {
    constructor(length: number) {
      super();
      lengths.push(length);
    }
  }
  Object.assign(globalThis, { FixedLengthStream });
  t.after(() => Reflect.deleteProperty(globalThis, "FixedLengthStream"));
  for (const range of ["bytes=2-4", "bytes=0-9"]) await (await ask("/app.ipa", { Range: range })).text();
  assert.deepEqual(lengths, [3, 10]);
});

test("a body that is cancelled cancels the origin's stream, with the reason", async () => {
  const reasons: unknown[] = [];
  const stream = {
    pull: (controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(1)),
    cancel: (reason: unknown) => void reasons.push(reason),
  };
  const facts = { size: 10, etag: undefined, modified: undefined };
  const endless: Origin = {
    async open(name) {
      return { found: true, name, ...facts, read: () => new ReadableStream(stream), close() {} };
    },
  };
  const { body } = await respond(endless, new Request("https://files.example/a.ipa"));
  await body?.cancel("enough");
  assert.deepEqual(reasons, ["enough"]);
});
