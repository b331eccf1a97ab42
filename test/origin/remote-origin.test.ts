import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { httpOrigin, r2 } from "@portcullis/origin";

/** A web server of the test's own; resolves with its URL. */
async function storeAt(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/apps/`;
}

const facts = { ETag: '"1"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT" };
const quick = { retryDelay: 1, responseTimeout: 300, stallTimeout: 300 };

async function read(url: string, size: number): Promise<Uint8Array> {
  const object = await httpOrigin({ url, ...quick }).open("a.ipa");
  assert.ok(object.found);
  assert.equal(object.size, size);
  return new Uint8Array(await new Response(object.read({ first: 0, last: size - 1 })).arrayBuffer());
}

test("a name that no request can have never reaches a store", async () => {
  let requests = 0;
  const url = await storeAt((_, response) => {
    requests += 1;
    response.end();
  });
  const bucket = { head: () => assert.fail("asked"), get: () => assert.fail("asked") };
  for (const name of ["../a.ipa", "a/../b.ipa", "/a.ipa", "//evil.example/a.ipa", ".hidden", "a//b.ipa", "a%2fb", ""]) {
    assert.deepEqual(await httpOrigin({ url }).open(name), { found: false, status: 404 }, name);
    assert.deepEqual(await r2(bucket).open(name), { found: false, status: 404 }, name);
  }
  assert.equal(requests, 0);
});

test("a body that is shorter or longer than announced is an error", async () => {
  for (const length of [900, 1100]) {
    const url = await storeAt(({ method }, response) => {
      response.socket?.setNoDelay(true);
      if (method === "HEAD") return response.writeHead(200, { ...facts, "Content-Length": 1000 }).end();
      response.writeHead(206, { ...facts, "Content-Range": "bytes 0-999/1000" });
      response.end(Buffer.alloc(length));
    });
    await assert.rejects(read(url, 1000), /bytes than it announced/);
  }
});

test("a body that stops is given up, and so is a store that never responds", async () => {
  const stalled = await storeAt(({ method }, response) => {
    if (method === "HEAD") return response.writeHead(200, { ...facts, "Content-Length": 1000 }).end();
    response.writeHead(206, { ...facts, "Content-Range": "bytes 0-999/1000" }).write("x");
  });
  await assert.rejects(read(stalled, 1000), /sent nothing for 0.3 s/);
  const silent = await storeAt(() => {});
  const result = await httpOrigin({ url: silent, ...quick }).open("a.ipa");
  const problem = "the web server cannot be reached: no response within 0.3 s";
  assert.deepEqual(result, { found: false, status: 503, problem });
});

test("what is transient is tried three times, and what is lasting once", async () => {
  for (const [status, tries] of [
    [500, 3],
    [503, 3],
    [429, 3],
    [501, 2],
    [403, 2],
  ] as const) {
    let requests = 0;
    const url = await storeAt((_, response) => {
      requests += 1;
      response.writeHead(status).end();
    });
    const result = await httpOrigin({ url, ...quick }).open("a.ipa");
    assert.equal(result.found, false);
    // A lasting refusal of HEAD is asked for its reason once, with GET.
    assert.equal(requests, tries, String(status));
  }
});

test("another version, or another range, is never sent as the one that was opened", async () => {
  for (const headers of [
    { ...facts, ETag: '"2"', "Content-Range": "bytes 0-999/1000" },
    { ...facts, "Content-Range": "bytes 1-1000/1000" },
    { ...facts, "Content-Range": "bytes 0-999/2000" },
    { "Content-Range": "bytes 0-999/1000" },
  ]) {
    const url = await storeAt(({ method }, response) => {
      if (method === "HEAD") return response.writeHead(200, { ...facts, "Content-Length": 1000 }).end();
      response.writeHead(206, headers).end(Buffer.alloc(1000));
    });
    await assert.rejects(read(url, 1000), /was replaced/, JSON.stringify(headers));
  }
});

test("an object with a content encoding is refused, because its size and its ranges are of other bytes", async () => {
  const url = await storeAt((_, response) =>
    response.writeHead(200, { ...facts, "Content-Length": 10, "Content-Encoding": "gzip" }).end(),
  );
  const result = await httpOrigin({ url, ...quick }).open("a.ipa");
  assert.ok(!result.found);
  assert.equal(result.status, 502);
  assert.match(result.problem ?? "", /Content-Encoding: gzip; upload it again without/);
});

test("redirects are not followed", async () => {
  const url = await storeAt((_, response) => response.writeHead(302, { Location: "http://127.0.0.1:9/x" }).end());
  const result = await httpOrigin({ url, ...quick }).open("a.ipa");
  assert.ok(!result.found);
  assert.match(result.problem ?? "", /status 302: it redirects, which is not followed/);
});
