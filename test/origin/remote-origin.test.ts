import assert from "node:assert/strict";
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { after, test } from "node:test";
import { azureBlob, httpOrigin, type Origin, r2, respond, s3 } from "@portcullis/origin";
import { serveFrom } from "@portcullis/origin/node";
import { createRemoteOrigin } from "../../packages/origin/src/remote-origin.ts";

/** A web server of the test's own; resolves with its URL. */
async function storeAt(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/apps/`;
}

const facts = { ETag: '"1"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT" };
/** Whether a request asks for an object's metadata, not for one version of it. */
const isFirst = ({ headers }: IncomingMessage): boolean => headers.range === "bytes=0-0" && !headers["if-match"];
/** The response to such a request, for an object of 1000 bytes. */
function sendFirst(response: ServerResponse, headers: OutgoingHttpHeaders = facts): void {
  response.writeHead(206, { ...headers, "Content-Range": "bytes 0-0/1000", "Content-Length": 1 }).end("x");
}
/** Only for stores that never finish a response: on a busy machine, others can take longer than this. */
const quick = { retryDelay: 1, responseTimeout: 300, stallTimeout: 300 };
const patient = { retryDelay: 1, responseTimeout: 60_000, stallTimeout: 60_000 };
/** For stores that respond, and then never finish a body. */
const stalling = { ...patient, stallTimeout: 300 };

async function read(url: string, size: number, options = patient): Promise<Uint8Array> {
  const object = await httpOrigin({ url, ...options }).open("a.ipa");
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

test("opening an object takes one request on a kept-alive connection, however the store handles ranges", async () => {
  const whole = { ...facts, "Content-Length": 1000 };
  for (const [title, handle, methods] of [
    ["a part with the whole length", (response) => sendFirst(response), "GET"],
    [
      "the whole, by a store without ranges",
      (response) => response.writeHead(200, whole).end(Buffer.alloc(1000)),
      "GET",
    ],
    [
      "a part without the whole length",
      (response) => response.writeHead(206, { ...facts, "Content-Range": "bytes 0-0/*" }).end("x"),
      "GET, HEAD",
    ],
    ["a range that cannot be, of an empty object", (response) => response.writeHead(416).end(), "GET, HEAD"],
  ] as readonly [string, (response: ServerResponse) => void, string][]) {
    const connections = new Set<Socket>();
    const asked: string[] = [];
    const url = await storeAt((request, response) => {
      connections.add(request.socket);
      asked.push(String(request.method));
      if (request.method === "HEAD") response.writeHead(200, whole).end();
      else handle(response);
    });
    for (let round = 0; round < 5; round += 1) {
      asked.length = 0;
      const object = await httpOrigin({ url, ...patient }).open("a.ipa");
      assert.ok(object.found, title);
      assert.deepEqual([object.size, object.etag], [1000, '"1"'], title);
      assert.equal(asked.join(", "), methods, title);
      object.close();
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (title === "a part with the whole length") assert.ok(connections.size < 3, `${connections.size} connections`);
  }
});

test("a first byte that never arrives, or is followed by more, blocks no request and keeps no connection open", async () => {
  for (const send of [() => {}, (response: ServerResponse) => response.write("xx"), dripping]) {
    let closed: Promise<unknown> | undefined;
    const url = await storeAt((_, response) => {
      closed = once(response, "close");
      response.writeHead(206, { ...facts, "Content-Range": "bytes 0-0/1000" }).flushHeaders();
      send(response);
    });
    const object = await httpOrigin({ url, ...stalling }).open("a.ipa");
    assert.ok(object.found);
    assert.equal(object.size, 1000);
    await closed;
  }
});

function dripping(response: ServerResponse): void {
  const drip = setInterval(() => response.write("x"), 20);
  response.once("close", () => clearInterval(drip));
}

test("a body that is shorter or longer than announced is an error", async () => {
  for (const length of [900, 1100]) {
    const url = await storeAt((request, response) => {
      response.socket?.setNoDelay(true);
      if (isFirst(request)) return sendFirst(response);
      response.writeHead(206, { ...facts, "Content-Range": "bytes 0-999/1000" });
      response.end(Buffer.alloc(length));
    });
    await assert.rejects(read(url, 1000), /bytes than it announced/);
  }
});

test("a stalled body is abandoned, and so is a store that never responds", async () => {
  const stalled = await storeAt((request, response) => {
    if (isFirst(request)) return sendFirst(response);
    response.writeHead(206, { ...facts, "Content-Range": "bytes 0-999/1000" }).write("x");
  });
  await assert.rejects(read(stalled, 1000, stalling), /sent nothing for 0.3 s/);
  const silent = await storeAt(() => {});
  const result = await httpOrigin({ url: silent, ...quick }).open("a.ipa");
  const problem = "the web server cannot be reached: no response within 0.3 s";
  assert.deepEqual(result, { found: false, status: 503, problem });
});

test("a transient failure is tried three times, and a permanent one once", async () => {
  for (const [status, tries] of [
    [500, 3],
    [503, 3],
    [429, 3],
    [501, 1],
    [403, 1],
  ] as const) {
    let requests = 0;
    const url = await storeAt((_, response) => {
      requests += 1;
      response.writeHead(status).end();
    });
    const result = await httpOrigin({ url, ...patient }).open("a.ipa");
    assert.equal(result.found, false);
    assert.equal(requests, tries, String(status));
  }
});

test("another version, another range or an encoded body is never sent as the one that was opened", async () => {
  const range = { "Content-Range": "bytes 0-999/1000" };
  for (const [headers, problem] of [
    [{ ...facts, ...range, ETag: '"2"' }, /was replaced/],
    [range, /was replaced/],
    [{ ...facts, "Content-Range": "bytes 1-1000/1000" }, /a different range/],
    [{ ...facts, "Content-Range": "bytes 0-999/2000" }, /a different range/],
    [{ ...facts, "Content-Type": "multipart/byteranges; boundary=x" }, /a different range/],
    [{ ...facts, ...range, "Content-Encoding": "deflate" }, /has Content-Encoding: deflate/],
  ] as const) {
    const url = await storeAt((request, response) => {
      if (isFirst(request)) return sendFirst(response);
      response.writeHead(206, headers).end(Buffer.alloc(1000));
    });
    await assert.rejects(read(url, 1000), problem, JSON.stringify(headers));
  }
});

test("a Content-Range without the complete length is accepted", async () => {
  const url = await storeAt((request, response) => {
    if (isFirst(request)) return sendFirst(response);
    response.writeHead(206, { ...facts, "Content-Range": "bytes 0-999/*" }).end(Buffer.alloc(1000));
  });
  assert.equal((await read(url, 1000)).length, 1000);
});

/** A store in which the object is replaced between being opened and being read, this many times. */
async function replacedStore(times: number): Promise<{ url: string; timesOpened(): number }> {
  let version = 1;
  let opened = 0;
  const url = await storeAt((request, response) => {
    const current = { ...facts, ETag: `"${version}"` };
    if (isFirst(request)) {
      opened += 1;
      sendFirst(response, current);
      if (version <= times) version += 1;
    } else if (request.headers["if-match"] !== current.ETag) response.writeHead(412).end();
    else response.writeHead(206, { ...current, "Content-Range": "bytes 0-999/1000" }).end(String(version).repeat(1000));
  });
  return { url, timesOpened: () => opened };
}

const viaFetch = (origin: Origin, problems: string[] = []): Promise<Response> =>
  respond(origin, new Request("https://files.example/a.ipa"), { onProblem: (problem) => problems.push(problem) });

async function viaNode(origin: Origin, problems: string[] = []): Promise<Response> {
  const url = await storeAt(serveFrom(origin, { under: "/apps", onProblem: (problem) => problems.push(problem) }));
  return fetch(`${url}a.ipa`);
}

for (const [title, send] of [
  ["respond", viaFetch],
  ["serveFrom", viaNode],
] as const) {
  test(`${title} sends the new version of an object that is replaced before its first byte`, async () => {
    const { url, timesOpened } = await replacedStore(2);
    const response = await send(httpOrigin({ url, ...patient }));
    assert.deepEqual([response.status, response.headers.get("ETag")], [200, '"3"']);
    assert.equal(await response.text(), "3".repeat(1000));
    assert.equal(timesOpened(), 3);
  });

  test(`${title} gives 503 with Retry-After for an object that is replaced again and again`, async () => {
    const { url, timesOpened } = await replacedStore(Number.POSITIVE_INFINITY);
    const problems: string[] = [];
    const response = await send(httpOrigin({ url, ...patient }), problems);
    assert.deepEqual([response.status, response.headers.get("Retry-After")], [503, "2"]);
    assert.equal(response.headers.get("ETag"), null);
    await response.text();
    assert.equal(timesOpened(), 3);
    assert.deepEqual(problems, ["a.ipa was replaced while it was being opened"]);
  });

  test(`${title} gives 502 or 503 with Retry-After for an object that fails before its first byte`, async () => {
    for (const [status, options, reply] of [
      [502, patient, (response: ServerResponse) => response.writeHead(403).end()],
      [502, stalling, (response: ServerResponse) => response.writeHead(200, facts).flushHeaders()],
      [503, patient, (response: ServerResponse) => response.writeHead(500).end()],
      [503, patient, (response: ServerResponse) => response.socket?.destroy()],
    ] as const) {
      const url = await storeAt((request, response) => {
        if (isFirst(request)) sendFirst(response);
        else reply(response);
      });
      const response = await send(httpOrigin({ url, ...options }));
      assert.deepEqual([response.status, response.headers.get("Retry-After")], [status, "2"]);
      assert.equal(response.headers.get("Content-Type"), "application/problem+json");
      await response.text();
    }
  });
}

test("of a runtime's connection error only the code is reported", async () => {
  const secret = "sig=SECRET";
  for (const [error, problem] of [
    [new TypeError(`error sending request for url (https://x/?${secret})`), "no connection"],
    [Object.assign(new Error(secret), { code: "ConnectionRefused" }), "no connection"],
    [Object.assign(new Error(secret), { cause: { code: secret } }), "no connection"],
    [Object.assign(new Error(secret), { cause: { code: "ECONNRESET" } }), "ECONNRESET"],
    [Object.assign(new Error(secret), { code: "ENOTFOUND" }), "ENOTFOUND"],
    [secret, "no connection"],
  ] as const) {
    const failing = { title: "the bucket", send: () => Promise.reject(error), address: () => new URL("https://x/") };
    const origin = createRemoteOrigin({ ...failing, explain: async () => ({ code: "" }) }, quick);
    const result = await origin.open("a.ipa");
    assert.deepEqual(result, { found: false, status: 503, problem: `the bucket cannot be reached: ${problem}` });
    assert.deepEqual(await origin.check(), { outcome: "unreachable", problem: result.problem });
  }
});

test("if credentials cannot be loaded, the status is 503, and the provider's message stays secret", async () => {
  const origin = s3({ bucket: "apps", credentials: () => Promise.reject(new Error("token SECRET")), ...patient });
  const problem = "there are no credentials for the bucket apps at the moment";
  assert.deepEqual(await origin.open("a.ipa"), { found: false, status: 503, problem });
});

test("a refusal with a slow or truncated body is explained in time, by what arrived or by its status", async () => {
  for (const [sent, code, close] of [
    ["<Error><Code>NoSuchBucket</Code>", "NoSuchBucket", false],
    ["<Error>", "status 403", false],
    ["<Error>", "status 403", true],
  ] as const) {
    const url = await storeAt((_, response) => {
      response.writeHead(403, { "Content-Length": 5000 }).write(sent);
      const drip = setInterval(() => response.write(" "), 20);
      response.once("close", () => clearInterval(drip));
      if (close) setTimeout(() => response.destroy(), 50);
    });
    const credentials = { accessKeyId: "a", secretAccessKey: "b" };
    const check = await s3({ bucket: "apps", endpoint: url, credentials, ...quick }).check();
    assert.ok(check.outcome === "refused" && check.problem.startsWith(`the bucket apps refused: ${code}`));
  }
});

const list = (...keys: readonly string[]): string =>
  `<ListBucketResult>${keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join("")}</ListBucketResult>`;
const [missing, denied] = ["NoSuchKey", "AccessDenied"].map((code) => `<Error><Code>${code}</Code></Error>`);

for (const [title, listing, open, anonymous, outcome] of [
  ["whose objects anyone can get", list("prod/", "prod/.x", "prod/a&amp;b.ipa", "prod/a.ipa"), 206, denied, "public"],
  ["whose objects nobody else can get", list("prod/a.ipa"), 403, denied, "usable"],
  ["in which nothing can be named", list("prod/", "prod/.x"), 206, denied, "usable"],
  ["that is empty, and that anyone can list", list(), 404, missing, "public"],
  ["that cannot be listed", denied, 206, denied, "usable"],
  ["that tells anyone that an object is missing", denied, 404, missing, "public"],
  ["that closes connections without credentials", denied, undefined, undefined, "usable"],
  ["whose listing fails, but that tells anyone that an object is missing", undefined, 404, missing, "public"],
] as const) {
  test(`the check of a bucket ${title} says ${outcome}`, async () => {
    const asked: string[] = [];
    const url = await storeAt(({ headers, url = "" }, response) => {
      const path = new URL(url, "http://x");
      const isSigned = headers.authorization !== undefined;
      if (path.searchParams.get("list-type") === "2") {
        assert.deepEqual([isSigned, path.pathname, path.searchParams.get("prefix")], [true, "/apps/", "prod/"]);
        if (listing === undefined) return response.socket?.destroy();
        return response.writeHead(listing === denied ? 403 : 200).end(listing);
      }
      if (isSigned) return response.writeHead(404).end(missing);
      asked.push(path.pathname);
      if (path.pathname === "/apps/prod/a.ipa") return response.writeHead(open ?? 500).end("x");
      if (anonymous === undefined) return response.socket?.destroy();
      response.writeHead(anonymous === missing ? 404 : 403).end(anonymous);
    });
    const credentials = { accessKeyId: "a", secretAccessKey: "b" };
    const endpoint = new URL(url).origin;
    const check = await s3({ bucket: "apps", prefix: "prod", endpoint, credentials, responseTimeout: 60_000 }).check();
    assert.equal(check.outcome, outcome);
    if (check.outcome === "public")
      assert.match(check.problem, /^the bucket apps serves its files to anyone, without a token: make it private$/);
    assert.ok(asked.length > 0);
  });
}

test("the check of a web server asks nothing without its credentials, since all who reach it may be allowed", async () => {
  const url = await storeAt(({ headers }, response) => {
    assert.equal(headers.authorization, "Bearer x");
    response.writeHead(404).end();
  });
  const origin = httpOrigin({ url, headers: { Authorization: "Bearer x" }, responseTimeout: 60_000 });
  assert.deepEqual(await origin.check(), { outcome: "usable" });
});

test("an invalid option throws when the origin is created, without repeating a secret", () => {
  for (const make of [
    () => httpOrigin({ url: "https://x/", headers: { Authorization: "SECRET\r\nHost: evil" } }),
    () => httpOrigin({ url: "https://x/", headers: { "Authorization: SECRET": "x" } }),
    () => azureBlob({ account: "account", container: "apps", credentials: { accountKey: "SECRET !" } }),
    () => azureBlob({ account: "evil.example/", container: "apps", credentials: { sas: "sig=SECRET" } }),
    () => azureBlob({ account: "account", container: "../apps", credentials: { sas: "sig=SECRET" } }),
    () =>
      s3({ bucket: "apps", region: "x.evil.example/", credentials: { accessKeyId: "a", secretAccessKey: "SECRET" } }),
  ]) {
    assert.throws(make, (error: Error) => error instanceof TypeError && !error.message.includes("SECRET"));
  }
});

test("only the origin's own headers select range and version", async () => {
  let seen: string[] = [];
  const url = await storeAt((request, response) => {
    const { headers } = request;
    seen = [headers.range ?? "", headers["if-match"] ?? "", headers["accept-encoding"] ?? ""];
    if (isFirst(request)) return sendFirst(response);
    response.writeHead(206, { ...facts, "Content-Range": "bytes 0-999/1000" }).end(Buffer.alloc(1000));
  });
  const headers = { range: "bytes=1-2", "IF-MATCH": "*", "if-none-match": "*", "accept-encoding": "gzip" };
  const object = await httpOrigin({ url, headers, ...patient }).open("a.ipa");
  assert.ok(object.found);
  await new Response(object.read({ first: 0, last: 999 })).arrayBuffer();
  // fetch adds a second one to a request for a range.
  assert.deepEqual(seen, ["bytes=0-999", '"1"', "identity, identity"]);
});

test("a media type that is not a valid header value is replaced by that of the name", async () => {
  for (const contentType of ["a\r\nSet-Cookie: x=1", "text/é", "", " ", "x".repeat(1000)]) {
    const object = { size: 1, etag: '"1"', httpEtag: '"1"', uploaded: new Date(0), httpMetadata: { contentType } };
    const body = new Blob(["x"]).stream() as ReadableStream<Uint8Array<ArrayBuffer>>;
    const origin = r2({ head: async () => object, get: async () => ({ ...object, body }) });
    const response = await respond(origin, new Request("https://files.example/notes.txt"));
    assert.equal(response.headers.get("Content-Type"), "text/plain; charset=utf-8");
    assert.equal(await response.text(), "x");
  }
});

test("an R2 bucket that fails is 503, one whose object is encoded is 502, and a replaced object is opened again", async () => {
  const object = { size: 1, etag: "1", httpEtag: '"1"', uploaded: new Date(0) };
  const down = () => Promise.reject(new Error("internal"));
  const problems: string[] = [];
  assert.equal((await viaFetch(r2({ head: down, get: down }), problems)).status, 503);
  assert.equal((await viaFetch(r2({ head: async () => object, get: down }), problems)).status, 503);
  const encoded = { ...object, httpMetadata: { contentEncoding: "gzip" } };
  assert.equal((await viaFetch(r2({ head: async () => encoded, get: down }), problems)).status, 502);
  let reads = 0;
  async function get() {
    reads += 1;
    return reads < 3 ? null : { ...object, body: new Blob(["x"]).stream() as ReadableStream<Uint8Array<ArrayBuffer>> };
  }
  assert.equal(await (await viaFetch(r2({ head: async () => object, get }), problems)).text(), "x");
  assert.equal(problems.length, 3);
});

test("an object with a content encoding is refused, because its size and its ranges are of other bytes", async () => {
  const url = await storeAt((_, response) =>
    response.writeHead(200, { ...facts, "Content-Length": 10, "Content-Encoding": "gzip" }).end(),
  );
  const result = await httpOrigin({ url, ...patient }).open("a.ipa");
  assert.ok(!result.found);
  assert.equal(result.status, 502);
  assert.match(result.problem ?? "", /Content-Encoding: gzip; upload it again without/);
});

test("redirects are not followed", async () => {
  const url = await storeAt((_, response) => response.writeHead(302, { Location: "http://127.0.0.1:9/x" }).end());
  const result = await httpOrigin({ url, ...patient }).open("a.ipa");
  assert.ok(!result.found);
  assert.match(result.problem ?? "", /status 302: it redirects, and redirects are not followed/);
});
