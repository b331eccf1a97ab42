import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, mock, test } from "node:test";
import { type Decision, type GuardedRequest, guard } from "@portcullis/node-http";
import connect from "connect";
import express from "express";
import { jamfClaims, signingKey, signToken, testTime } from "../support/signing-key.ts";
import { type ContractSetup, type RunningServer, runContract } from "./contract.ts";
import { createDecisionRecord, summaryOf } from "./decision-record.ts";
import { ownMembers } from "./own-members.ts";
import { sendRaw } from "./send-raw.ts";

const express4: typeof express = createRequire(import.meta.url)("express4");

// Errors of handlers are printed, by the guard and by Connect; here they are counted instead.
const printed = mock.method(console, "error", () => {});
after(() => mock.restoreAll());

async function listen(listener: RequestListener): Promise<RunningServer> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** The handler behind the guard, the same in every framework of the node:http family. */
async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const {
    url = "",
    method,
    originalUrl,
    query,
    download,
  } = request as GuardedRequest & {
    originalUrl?: string;
    query?: object;
    download: Decision;
  };
  if (url.startsWith("/throw")) throw new Error("the handler failed, on purpose");
  if (url.startsWith("/own-cache-control")) response.setHeader("Cache-Control", "public, max-age=60");
  const otherUrls = [originalUrl ?? "", JSON.stringify(query ?? {}), ownMembers(request)];
  const body = await text(request);
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ method, url, otherUrls, download: summaryOf(download), body }));
}

function guardOptions({ publicPem, time, reportOnly, pathBound, audience }: ContractSetup) {
  const record = createDecisionRecord();
  const { onDecision } = record;
  return { record, options: { keys: publicPem, now: () => time, reportOnly, pathBound, audience, onDecision } };
}

runContract({
  name: "node:http, a guarded listener",
  start(setup) {
    const { record, options } = guardOptions(setup);
    const guarded = guard(options, handle);
    return listen((request, response) => {
      if (request.url === "/decisions") response.end(record.takeJson());
      else guarded(request, response);
    });
  },
});

runContract({
  name: "Connect",
  start(setup) {
    const { record, options } = guardOptions(setup);
    const app = connect();
    app.use((request, response, next) => (request.url === "/decisions" ? response.end(record.takeJson()) : next()));
    app.use(guard(options));
    app.use((request, response, next) => void handle(request, response).catch(next));
    return listen(app);
  },
});

for (const [name, createApp] of [
  ["Express 5", express],
  ["Express 4", express4],
] as const) {
  runContract({
    name,
    start(setup) {
      const { record, options } = guardOptions(setup);
      const app = createApp();
      app.set("env", "test"); // Express prints errors unless it is being tested
      app.get("/decisions", (_request, response) => void response.send(record.takeJson()));
      // Parses the original URL, and caches the result.
      app.use(express.static("test/contract/no-such-folder"));
      app.use(guard(options));
      app.use((request, response, next) => void handle(request, response).catch(next));
      return listen(app);
    },
  });
}

test("the error of a listener that threw was printed", () => {
  const errors = printed.mock.calls.map(({ arguments: [error] }) => String(error));
  assert.ok(errors.includes("Error: the handler failed, on purpose"));
});

test("a listener that fails after it started its response closes the connection", async () => {
  const key = signingKey();
  const options = { keys: key.publicPem, now: () => testTime };
  const server = await listen(
    guard(options, async (_request, response) => {
      response.writeHead(200, { "Content-Length": 100 });
      await new Promise((resolve) => response.write("half of it", resolve));
      throw new Error("the disk failed, on purpose");
    }),
  );
  const request = `GET /a?token=${signToken(key)} HTTP/1.1\r\nHost: files.example\r\n\r\n`;
  const { status, body } = await sendRaw(server.port, request);
  assert.equal(status, 200);
  assert.ok(body.length < 100);
  await server.close();
});

test("headers that a listener set before it failed are not sent with the 500", async () => {
  const key = signingKey();
  const server = await listen(
    guard({ keys: key.publicPem, now: () => testTime }, (_request, response) => {
      response.setHeader("Content-Encoding", "gzip");
      response.setHeader("ETag", '"file"');
      throw new Error("the disk failed, on purpose");
    }),
  );
  const request = `GET /a?token=${signToken(key)} HTTP/1.1\r\nHost: files.example\r\nConnection: close\r\n\r\n`;
  const { status, headers } = await sendRaw(server.port, request);
  assert.equal(status, 500);
  assert.deepEqual(
    [headers.etag, headers["content-encoding"], headers["cache-control"]],
    [undefined, undefined, "no-store"],
  );
  await server.close();
});

test("Polka's copies of the URL lose the token too", async () => {
  const key = signingKey();
  const token = signToken(key);
  const middleware = guard({ keys: key.publicPem, now: () => testTime });
  for (const [query, search] of [
    [`?x=1&token=${token}`, "?x=1"],
    [`?token=${token}`, ""],
  ]) {
    const server = await listen((request, response) => {
      const url = request.url ?? "";
      const parsed = { search: query, query: query?.slice(1), href: url, _raw: url };
      Object.assign(request, { originalUrl: url, search: query, query: { token }, _parsedUrl: parsed });
      middleware(request, response, () => {
        const { search } = request as { search?: string };
        response.end(JSON.stringify({ search, members: ownMembers(request) }));
      });
    });
    const { status, body } = await sendRaw(
      server.port,
      `GET /a${query} HTTP/1.1\r\nHost: files.example\r\nConnection: close\r\n\r\n`,
    );
    assert.equal(status, 200);
    assert.equal(JSON.parse(body).search, search);
    assert.ok(!body.includes(token.slice(0, 30)), body);
    await server.close();
  }
});

for (const [name, createApp] of [
  ["Express 5", express],
  ["Express 4", express4],
] as const) {
  test(`${name}'s mount path and its parameters lose the token of a refused request too`, async () => {
    const key = signingKey();
    const token = signToken(key);
    const app = createApp();
    const logged: string[] = [];
    app.use((request, response, next) => {
      response.once("finish", () => logged.push(ownMembers(request)));
      next();
    });
    app.use("/:first", guard({ keys: key.publicPem, now: () => testTime }));
    const server = await listen(app);
    const request = `GET /${token}/a.ipa HTTP/1.1\r\nHost: files.example\r\nConnection: close\r\n\r\n`;
    assert.equal((await sendRaw(server.port, request)).status, 401);
    await server.close();
    assert.equal(logged.length, 1);
    assert.ok(!logged[0]?.includes(token.slice(0, 30)), logged[0]);
  });
}

test("a listener's own Cache-Control replaces the guard's, however it is set", async () => {
  const key = signingKey();
  const responses: Record<string, (response: ServerResponse) => unknown> = {
    "/an-object": (response) => response.writeHead(200, { "cache-CONTROL": "no-cache" }),
    "/a-list": (response) => response.writeHead(200, "OK", ["cache-control", "no-cache", "X-Other", "1"]),
    "/setHeader": (response) => response.setHeader("CACHE-CONTROL", "no-cache"),
  };
  const server = await listen(
    guard({ keys: key.publicPem, now: () => testTime }, (request, response) => {
      responses[request.url ?? ""]?.(response);
      response.end();
    }),
  );
  for (const path of Object.keys(responses)) {
    const request = `GET ${path}?token=${signToken(key)} HTTP/1.1\r\nHost: files.example\r\nConnection: close\r\n\r\n`;
    assert.equal((await sendRaw(server.port, request)).headers["cache-control"], "no-cache", path);
  }
  await server.close();
});

test("a response that earlier code sent while the gate was deciding is left unchanged", async () => {
  const key = signingKey();
  const keys = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    throw new Error("the key server is down");
  };
  const app = express4();
  app.use((_request, response, next) => {
    setTimeout(() => response.status(503).end("too late"), 5);
    next();
  });
  app.use(guard({ keys, now: () => testTime }));
  const server = await listen(app);
  for (let round = 0; round < 2; round += 1) {
    const request = `GET /a?token=${signToken(key)} HTTP/1.1\r\nHost: files.example\r\nConnection: close\r\n\r\n`;
    const { status, body } = await sendRaw(server.port, request);
    assert.deepEqual([status, body], [503, "too late"]);
    await new Promise((resolve) => setTimeout(resolve, 40)); // an unhandled rejection would end the run
  }
  await server.close();
});

for (const [name, createApp] of [
  ["Express 5", express],
  ["Express 4", express4],
] as const) {
  test(`${name}: a logger in front of the guard never prints the token, and has its fingerprint`, async () => {
    const key = signingKey();
    const token = signToken(key);
    const logged: string[] = [];
    const app = createApp();
    app.set("env", "test");
    app.use((request, response, next) => {
      void request.query; // parsed before the guard, as by a logger
      // As morgan does: logs the URL that the request had at first, when the response is finished.
      response.once("finish", () => {
        const { originalUrl, url, query } = request;
        const { fingerprint } = (request as unknown as GuardedRequest).download;
        logged.push(JSON.stringify({ url: originalUrl || url, query, status: response.statusCode, fingerprint }));
      });
      next();
    });
    app.use(
      "/apps",
      guard({ keys: key.publicPem, now: () => testTime }),
      (_request, response) => void response.end("ok"),
    );
    const server = await listen(app);
    const statuses: number[] = [];
    for (const query of [
      `?x=1&token=${token}`,
      `?x=1&token=${token.slice(0, -5)}AAAAA`,
      `?token=${token}&token=${token}`,
      `?%74oken=${token.slice(0, -5)}AAAAA`,
      `?t=${token}`,
      `/${token}`,
      "",
    ]) {
      const request = `GET /apps/a${query} HTTP/1.1\r\nHost: files.example\r\nConnection: close\r\n\r\n`;
      statuses.push((await sendRaw(server.port, request)).status);
    }
    assert.deepEqual(statuses, [200, 401, 400, 401, 401, 401, 401]);
    assert.equal(logged.length, 7);
    for (const line of logged) assert.doesNotMatch(line, /eyJ/, line);
    const fingerprints = logged.map((line) => JSON.parse(line).fingerprint ?? "");
    assert.match(fingerprints.join(), /^[0-9a-f]{8},[0-9a-f]{8},,[0-9a-f]{8},,,$/);
    assert.ok(logged[0]?.includes('"/apps/a?x=1"'));
    const queries = logged.map((line) => JSON.parse(line).query);
    assert.deepEqual([queries[0], queries[1], queries[6]], [{ x: "1" }, { x: "1" }, {}]);
    await server.close();
  });
}

test("a defect in the gate is a 500 from a guarded listener and an error for a framework, never the file", async () => {
  const key = signingKey();
  let isBroken = false;
  const now = () => {
    if (isBroken) throw new Error("no clock, on purpose");
    return testTime;
  };
  const options = { keys: key.publicPem, now };
  const app = express();
  app.set("env", "test");
  app.use(guard(options), (_request, response) => void response.end("the file"));
  const servers = [await listen(app), await listen(guard(options, (_request, response) => response.end("the file")))];
  const request = (token: string) =>
    `GET /a?token=${token} HTTP/1.1\r\nHost: files.example\r\nConnection: close\r\n\r\n`;
  const [seen, unseen] = [signToken(key), signToken(key, { ...jamfClaims, exp: testTime + 61 })];
  for (const server of servers) assert.equal((await sendRaw(server.port, request(seen))).status, 200);
  isBroken = true;
  for (const server of servers) {
    for (const token of [seen, unseen]) {
      const { status, body } = await sendRaw(server.port, request(token));
      assert.equal(status, 500);
      assert.doesNotMatch(body, /the file/);
    }
    await server.close();
  }
});

for (const [name, createApp] of [
  ["Express 5", express],
  ["Express 4", express4],
  ["Connect", connect as unknown as typeof express],
] as const) {
  test(`${name}: a path-bound token is compared with the path that the client sent, mount path included`, async () => {
    const key = signingKey();
    const app = createApp();
    app.use("/apps", guard({ keys: key.publicPem, now: () => testTime, pathBound: true }));
    app.use("/apps", (request: IncomingMessage, response: ServerResponse) => void response.end(request.url));
    const server = await listen(app);
    const replyTo = (target: string, aud: string) => {
      const token = signToken(key, { ...jamfClaims, aud });
      const line = `GET ${target}?token=${token} HTTP/1.1\r\nHost: files.example\r\nConnection: close\r\n\r\n`;
      return sendRaw(server.port, line);
    };
    const { status, body } = await replyTo("/apps/a", "/apps/a");
    assert.deepEqual([status, body], [200, "/a"]);
    assert.equal((await replyTo("/apps/a", "/a")).status, 401);
    assert.equal((await replyTo("/APPS/a", "/apps/a")).status, 401);
    await server.close();
  });
}

test("a listener is not called for a request that has a response by the time it is allowed", async () => {
  const key = signingKey();
  let calls = 0;
  const guarded = guard({ keys: key.publicPem, now: () => testTime }, () => {
    calls += 1;
  });
  let checked: unknown;
  const { port, close } = await listen((request, response) => {
    checked = guarded(request, response);
    response.writeHead(503).end("too late");
  });
  const printedBefore = printed.mock.callCount();
  const response = await fetch(`http://127.0.0.1:${port}/app.ipa?token=${signToken(key)}`);
  assert.deepEqual([response.status, await response.text()], [503, "too late"]);
  await checked;
  await close();
  assert.deepEqual([calls, printed.mock.callCount()], [0, printedBefore]);
});

test("a plain request gets download, and no member that only frameworks use", async () => {
  const key = signingKey();
  const added: string[][] = [];
  const guarded = guard({ keys: key.publicPem, now: () => testTime }, (_request, response) => response.end());
  const server = await listen(async (request, response) => {
    const before = Object.keys(request);
    await guarded(request, response);
    added.push(Object.keys(request).filter((name) => !before.includes(name)));
  });
  for (const [query, status] of [
    [`?token=${signToken(key)}`, 200],
    ["?x=1", 401],
  ]) {
    const request = `GET /a${query} HTTP/1.1\r\nHost: files.example\r\nConnection: close\r\n\r\n`;
    assert.equal((await sendRaw(server.port, request)).status, status);
  }
  await server.close();
  assert.deepEqual(added, [["download"], ["download"]]);
});

for (const [name, createApp] of [
  ["Express 5", express],
  ["Express 4", express4],
] as const) {
  test(`${name}: an allowed request keeps its mount path, its parameters and its other query parameters`, async () => {
    const key = signingKey();
    const app = createApp();
    app.set("query parser", "extended");
    const router = createApp.Router();
    router.get("/:file", guard({ keys: key.publicPem, now: () => testTime }), (request, response) => {
      const { baseUrl, params, query } = request;
      response.send({ baseUrl, params, query });
    });
    app.use("/apps", router);
    const server = await listen(app);
    const line = `GET /apps/a.ipa?x[y]=1&token=${signToken(key)} HTTP/1.1`;
    const { body } = await sendRaw(server.port, `${line}\r\nHost: files.example\r\nConnection: close\r\n\r\n`);
    await server.close();
    assert.deepEqual(JSON.parse(body), { baseUrl: "/apps", params: { file: "a.ipa" }, query: { x: { y: "1" } } });
  });
}
