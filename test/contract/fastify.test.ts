import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { type DownloadRequest, type GuardOptions, guard, hideToken, type RewritableRequest } from "@portcullis/fastify";
import Fastify, { type FastifyInstance, type FastifyServerOptions } from "fastify";
import { jamfClaims, signingKey, signToken, testTime } from "../support/signing-key.ts";
import { tokenPlaces } from "../support/token-places.ts";
import { runContract } from "./contract.ts";
import { createDecisionRecord, summaryOf } from "./decision-record.ts";
import { ownMembers } from "./own-members.ts";
import { sendRaw } from "./send-raw.ts";

declare module "fastify" {
  interface FastifyRequest extends DownloadRequest {}
}

async function listen(app: FastifyInstance): Promise<{ port: number; close(): Promise<unknown> }> {
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
}

runContract({
  name: "Fastify",
  oddTargetResponses: [400, 404],
  start({ publicPem, time, reportOnly, pathBound, audience }) {
    const record = createDecisionRecord();
    const app = Fastify({ rewriteUrl: hideToken(), bodyLimit: 1e6 });
    app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
    app.get("/decisions", (_request, reply) => reply.send(record.takeJson()));
    app.register(async (guarded) => {
      const options = {
        keys: publicPem,
        now: () => time,
        reportOnly,
        pathBound,
        audience,
        onDecision: record.onDecision,
      };
      guarded.register(guard, options);
      guarded.all("/throw", () => {
        throw new Error("the handler failed, on purpose");
      });
      guarded.all("/own-cache-control", (_request, reply) =>
        reply.header("Cache-Control", "public, max-age=60").send({}),
      );
      guarded.all("*", (request, reply) => {
        const { method, url, originalUrl, query, raw, body, download } = request;
        const otherUrls = [originalUrl, raw.url, JSON.stringify(query), ownMembers(raw), ownMembers(request)];
        return reply.send({ method, url, otherUrls, download: summaryOf(download), body: body ?? "" });
      });
    });
    return listen(app);
  },
});

const key = signingKey();
const token = signToken(key);
const guardOptions: GuardOptions = { keys: key.publicPem, now: () => testTime };

/** A server with one file behind the guard; everything that it logs is collected. */
async function start(options: FastifyServerOptions, of: GuardOptions = guardOptions) {
  const lines: string[] = [];
  const stream = { write: (line: string) => lines.push(line) };
  const app = Fastify({ ...options, logger: { level: "trace", stream } });
  app.register(guard, of);
  app.get("/app.ipa", () => "the app");
  app.get("/query", (request) => request.query);
  const { port, close } = await listen(app);
  after(close);
  const ask = (target: string, method = "GET") =>
    sendRaw(port, `${method} ${target} HTTP/1.1\r\nHost: files.example\r\nConnection: close\r\n\r\n`);
  return { app, ask, log: () => lines.join("") };
}

test("Fastify's own log lines hold no token, of requests that are allowed, refused, unknown or malformed", async () => {
  const { ask, log } = await start({ rewriteUrl: hideToken() });
  assert.equal((await ask(`/app.ipa?token=${token}`)).status, 200);
  assert.equal((await ask(`/app.ipa?token=${token}&%74oken=${token}`)).status, 400);
  assert.equal((await ask(`/none.ipa?token=${token}`)).status, 404);
  assert.equal((await ask(`/%zz?token=${token}`)).status, 400);
  assert.equal((await ask(`/app.ipa?token=${token}`, "PUT")).status, 404);
  for (const path of [
    `/${token}`,
    `/${token}/app.ipa?token=${token}`,
    `/x/${token.replaceAll(".", "%2E")}?v=1`,
    `//${token}`,
  ])
    assert.ok((await ask(path)).status >= 401, path);
  assert.match(log(), /"url":"\/app\.ipa"/);
  assert.match(log(), /"url":"\/REDACTED\/app\.ipa"/);
  assert.doesNotMatch(log(), /eyJ/);
  assert.ok(!log().includes(String(token.split(".")[2])));
});

test("no log line holds a token, wherever a client puts one, also if a proxy is trusted", async () => {
  let count = 0;
  const nextToken = () => signToken(key, { ...jamfClaims, jti: String(count++) });
  const places = tokenPlaces(nextToken);
  const lines: string[] = [];
  const logger = { level: "debug", stream: { write: (line: string) => lines.push(line) } };
  const app = Fastify({ rewriteUrl: hideToken(), trustProxy: true, keepAliveTimeout: 1, logger });
  app.register(guard, guardOptions);
  app.get("/app.ipa", () => "the app");
  const { port, close } = await listen(app);
  after(close);
  // The server may reset a connection on which it has not read everything.
  for (const { request } of places) await sendRaw(port, request).catch(() => {});
  const log = lines.join("");
  assert.deepEqual(
    places.filter(({ token }) => log.includes(String(token.split(".")[2]).slice(0, 40))).map(({ name }) => name),
    [],
  );
  for (const field of ["url", "host", "remoteAddress"]) {
    assert.match(log, new RegExp(`"${field}":"[^"]*REDACTED`), field);
  }
});

test("a JWT in another query parameter is redacted for handlers too, and other values are unchanged", async () => {
  const { ask } = await start({ rewriteUrl: hideToken() });
  const { body } = await ask(`/query?foo=${token}&x=%20+1&token=${token}&y=eyJ.ipa`);
  assert.deepEqual(JSON.parse(body), { foo: "REDACTED", x: "  1", y: "eyJ.ipa" });
});

test("paths without a route are refused too, so that clients cannot learn which routes exist", async () => {
  const { ask } = await start({ rewriteUrl: hideToken() });
  assert.equal((await ask("/none.ipa")).status, 401);
  assert.equal((await ask("/app.ipa", "PUT")).status, 401);
});

test("without hideToken nothing is served, and the log says what is missing", async () => {
  const { ask, log } = await start({});
  assert.equal((await ask(`/app.ipa?token=${token}`)).status, 500);
  assert.match(log(), /create the server with Fastify\(\{ rewriteUrl: hideToken\(\) \}\)/);
});

test("with hideToken for another parameter nothing is served, and the log says what is wrong", async () => {
  const { ask, log } = await start({ rewriteUrl: hideToken("ticket") });
  assert.equal((await ask(`/app.ipa?token=${token}`)).status, 500);
  assert.match(log(), /set rewriteUrl: hideToken\(\\"token\\"\)/);
  const other = await start({ rewriteUrl: hideToken("ticket") }, { ...guardOptions, tokenParameter: "ticket" });
  assert.equal((await other.ask(`/app.ipa?ticket=${token}`)).status, 200);
  assert.doesNotMatch(other.log(), /eyJ/);
});

test("a request made with inject, as by @fastify/aws-lambda, is checked too", async () => {
  const { app } = await start({ rewriteUrl: hideToken() });
  assert.equal((await app.inject("/app.ipa")).statusCode, 401);
  assert.equal((await app.inject(`/app.ipa?token=${token}`)).statusCode, 200);
});

test("registered in a plugin, the guard guards that plugin's routes in every spelling, and no others", async () => {
  const app = Fastify({ rewriteUrl: hideToken(), routerOptions: { ignoreDuplicateSlashes: true } });
  app.get("/health", () => "ok");
  app.register(async (files) => {
    files.register(guard, guardOptions);
    files.get("/apps/*", () => "the app");
  });
  const { port, close } = await listen(app);
  after(close);
  const statusOf = async (target: string) =>
    (await sendRaw(port, `GET ${target} HTTP/1.1\r\nHost: files.example\r\nConnection: close\r\n\r\n`)).status;
  assert.equal(await statusOf("/health"), 200);
  for (const path of ["/apps/a.ipa", "//apps/a.ipa", "/%61pps/a.ipa", "/apps//a.ipa"]) {
    assert.equal(await statusOf(path), 401, path);
    assert.equal(await statusOf(`${path}?token=${token}`), 200, path);
  }
});

test("over HTTP/2 the token is removed from the :path pseudo-header too", async () => {
  const { connect } = await import("node:http2");
  const app = Fastify({ http2: true, rewriteUrl: hideToken() });
  app.register(guard, guardOptions);
  app.get("/app.ipa", ({ headers, raw }) => ({ headers, rawHeaders: raw.rawHeaders, url: raw.url }));
  const { port, close } = await listen(app as unknown as FastifyInstance);
  const session = connect(`http://127.0.0.1:${port}`);
  const body = await new Promise<string>((resolve, reject) => {
    let text = "";
    const stream = session.request({ ":path": `/app.ipa?x=1&token=${token}` });
    stream.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    stream.on("end", () => resolve(text)).on("error", reject);
  });
  session.close();
  await close();
  assert.equal(JSON.parse(body).headers[":path"], "/app.ipa?x=1");
  assert.doesNotMatch(body, /eyJ/);
});

test("over HTTP/2, no log line holds a token from the :authority pseudo-header or Accept-Version", async () => {
  const { connect } = await import("node:http2");
  const lines: string[] = [];
  const logger = { level: "debug", stream: { write: (line: string) => lines.push(line) } };
  const app = Fastify({ http2: true, rewriteUrl: hideToken(), logger });
  app.register(guard, guardOptions);
  const { port, close } = await listen(app as unknown as FastifyInstance);
  const session = connect(`http://127.0.0.1:${port}`);
  const fields = { ":path": "/app.ipa", ":authority": `${token}.example`, "accept-version": token };
  const stream = session.request(fields);
  const [headers] = await once(stream, "response");
  assert.equal(headers[":status"], 401);
  stream.resume();
  await once(stream, "close");
  session.close();
  await close();
  for (const field of ["host", "version"]) assert.match(lines.join(""), new RegExp(`"${field}":"[^"]*REDACTED`), field);
  assert.doesNotMatch(lines.join(""), /eyJ/);
});

test("over HTTP/1 no header is changed, and a request without a URL or raw headers is taken as it is", () => {
  const rawHeaders = ["Host", "a.example", "Accept", "*/*"];
  const request = { url: `/app.ipa?token=${token}`, headers: { host: "a.example" }, rawHeaders: [...rawHeaders] };
  assert.equal(hideToken()(request), "/app.ipa");
  assert.deepEqual(request.rawHeaders, rawHeaders);
  const bare: RewritableRequest = { headers: {} };
  assert.equal(hideToken()(bare), "");
  assert.equal(bare.originalUrl, "");
});

test("the plugin declares download on requests, and can be registered twice", async () => {
  const app = Fastify({ rewriteUrl: hideToken() });
  app.register(guard, guardOptions);
  app.register(guard, guardOptions);
  await app.ready();
  assert.equal(app.hasRequestDecorator("download"), true);
  await app.close();
});

test("the plugin has its name", async () => {
  const app = Fastify({ rewriteUrl: hideToken() });
  app.register(guard, guardOptions);
  await app.ready();
  assert.match(app.printPlugins(), /@portcullis\/fastify/);
  await app.close();
});
