import assert from "node:assert/strict";
import { once } from "node:events";
import fs from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Origin, OriginObject } from "@portcullis/origin";
import { folder, serveFrom } from "@portcullis/origin/node";
import express from "express";
import Koa from "koa";
import { rawRequest } from "../support/raw-request.ts";
import { until } from "../support/slow-reader.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const www = temporaryFolder();
const longAgo = new Date("2026-01-02T03:04:05Z");
const content = "0123456789";
fs.writeFileSync(join(www, "with space.ipa"), content);
fs.utimesSync(join(www, "with space.ipa"), longAgo, longAgo);
const origin = folder(www);

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const serve = serveFrom(origin, { under: "/apps" });
const app = express();
app.use("/apps", (_request, response, next) => {
  response.set({ "Strict-Transport-Security": "max-age=1", "Cache-Control": "private, no-transform" });
  next();
});
app.use("/apps", serveFrom(origin));
const koa = new Koa();
koa.use(async (context) => {
  context.respond = false;
  await serve(context.req, context.res);
});

for (const [name, listener] of [
  ["node:http", serve],
  ["Express", app as unknown as RequestListener],
  ["Koa", koa.callback()],
] as const) {
  test(`${name}: files, ranges, conditions, and problem documents for what is missing`, async () => {
    const port = await listen(listener);
    const path = "/apps/with%20space.ipa";
    const whole = await rawRequest(port, path);
    assert.deepEqual([whole.status, whole.body.toString()], [200, content]);
    assert.equal(whole.headers["content-type"], "application/octet-stream");
    const range = { Range: "bytes=3-", "If-Range": whole.headers.etag ?? "" };
    const rest = await rawRequest(port, path, { headers: range });
    assert.deepEqual([rest.status, rest.body.toString()], [206, "3456789"]);
    const head = await rawRequest(port, path, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers["content-length"], head.body.length], [200, "10", 0]);
    const known = { "If-None-Match": whole.headers.etag ?? "" };
    assert.equal((await rawRequest(port, path, { headers: known })).status, 304);
    for (const [target, status] of [
      ["/apps/absent.ipa", 404],
      ["/apps/..%2fx", 400],
    ] as const) {
      const { headers, body } = await rawRequest(port, target);
      assert.equal(JSON.parse(body.toString()).status, status);
      assert.equal(headers["cache-control"], "no-store");
    }
    assert.equal((await rawRequest(port, path, { method: "PUT" })).status, 405);
  });
}

test("headers set by the application are kept, even a stricter Cache-Control, but not on a problem", async () => {
  const port = await listen(app as unknown as RequestListener);
  const { headers } = await rawRequest(port, "/apps/with%20space.ipa");
  assert.equal(headers["cache-control"], "private, no-transform");
  const missing = await rawRequest(port, "/apps/absent.ipa");
  assert.equal(missing.headers["cache-control"], "no-store");
  for (const { "strict-transport-security": hsts } of [headers, missing.headers]) assert.equal(hsts, "max-age=1");
});

/** An origin with one object, whose bytes come from a stream that the test provides. */
function streaming(
  size: number,
  pull: (controller: ReadableStreamDefaultController) => void,
  cancel = () => {},
): Origin {
  const object: OriginObject = {
    found: true,
    name: "a.pkg",
    size,
    etag: '"v1"',
    modified: longAgo,
    read: () => new ReadableStream({ pull, cancel }, { highWaterMark: 0 }),
    close() {},
  };
  return { open: async () => object };
}

test("a stream that is too short, too long or fails never looks complete, and the reason is reported", async () => {
  for (const [chunks, problem] of [
    [["01234"], /a different number of bytes/],
    [["01234", "56789", "x"], /a different number of bytes/],
    [["01234", "5678"], /a different number of bytes/],
    [["01234", "56789", new Error("the bucket broke off")], /broke off/],
  ] as const) {
    const left: (string | Error)[] = [...chunks];
    const problems: string[] = [];
    const failing = streaming(10, (controller) => {
      const next = left.shift();
      if (next === undefined) controller.close();
      else if (next instanceof Error) controller.error(next);
      else controller.enqueue(new TextEncoder().encode(next));
    });
    const port = await listen(serveFrom(failing, { onProblem: (text) => problems.push(text) }));
    const { status, body } = await rawRequest(port, "/a.pkg");
    await until(() => problems.length === 1, "the report of the problem");
    assert.match(problems.join(), problem);
    assert.ok(status === 500 || body.length < 10, `${status} with ${body.length} bytes`);
  }
});

test("an origin that throws gives 500, and the response does not say why", async () => {
  const problems: string[] = [];
  const throwing: Origin = { open: () => Promise.reject(new Error("EMFILE: too many open files")) };
  const port = await listen(serveFrom(throwing, { onProblem: (text) => problems.push(text) }));
  const { status, body } = await rawRequest(port, "/a.pkg");
  assert.equal(status, 500);
  assert.doesNotMatch(body.toString(), /EMFILE/);
  assert.deepEqual(problems, ["EMFILE: too many open files"]);
});

test("a client that disconnects cancels the stream, and one that reads nothing stops it", async () => {
  let pulled = 0;
  let isCancelled = false;
  const endless = streaming(
    2 ** 40,
    (controller) => {
      pulled += 1;
      controller.enqueue(new Uint8Array(65_536));
    },
    () => {
      isCancelled = true;
    },
  );
  const port = await listen(serveFrom(endless));
  const socket = connect(port, "127.0.0.1");
  socket.write("GET /a.pkg HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(socket, "readable");
  let before: number;
  do {
    before = pulled;
    await new Promise((resolve) => setTimeout(resolve, 200));
  } while (pulled > before && pulled < 2 ** 12);
  assert.equal(pulled, before, "nothing is read for a client that does not read");
  socket.destroy();
  await until(() => isCancelled, "the stream being cancelled");
});
