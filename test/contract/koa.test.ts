import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { guard, type Middleware } from "@portcullis/koa";
import express from "express";
import Koa from "koa";
import { jamfClaims, signingKey, signToken, testTime } from "../support/signing-key.ts";
import { runContract } from "./contract.ts";
import { createDecisionRecord, summaryOf } from "./decision-record.ts";
import { ownMembers } from "./own-members.ts";
import { type HttpReply, sendRaw } from "./send-raw.ts";

const Koa2: typeof Koa = createRequire(import.meta.url)("koa2");

for (const [name, Application] of [
  ["Koa 3", Koa],
  ["Koa 2", Koa2],
] as const) {
  runContract({
    name: `${name}, an app with its own error handler`,
    async start({ publicPem, time, reportOnly, pathBound, audience }) {
      const record = createDecisionRecord();
      const app = new Application();
      app.silent = true;
      app.use(async (context, next) => {
        try {
          await next();
        } catch {
          context.status = 500;
          context.body = "something went wrong";
        }
      });
      app.use(async (context, next) => {
        void [context.URL, context.query]; // has Koa parse and keep the first URL, as a logger might
        if (context.url !== "/decisions") return next();
        context.body = record.takeJson();
      });
      app.use(
        guard({ keys: publicPem, now: () => time, reportOnly, pathBound, audience, onDecision: record.onDecision }),
      );
      app.use(async (context) => {
        const { method, url, originalUrl, request, req, state } = context;
        if (url === "/throw") throw new Error("the handler failed, on purpose");
        if (url === "/own-cache-control") context.set("Cache-Control", "public, max-age=60");
        const nodeRequest = req as typeof req & { originalUrl: string };
        const otherUrls = [
          originalUrl,
          request.originalUrl,
          nodeRequest.originalUrl,
          context.href,
          context.URL.href,
          req.url,
          ownMembers(request),
          ownMembers(req),
        ];
        context.body = { method, url, otherUrls, download: summaryOf(state.download), body: await text(req) };
      });
      const server = app.listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      return {
        port: (server.address() as AddressInfo).port,
        close: () => new Promise((resolve) => server.close(resolve)),
      };
    },
  });
}

/** The response of a Koa app, mounted at `/mount` of an Express app, to a request with or without a valid token. */
async function mounted(app: Koa, query: string): Promise<HttpReply> {
  const outer = express();
  outer.use("/mount", app.callback());
  const server = outer.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    return await sendRaw(port, `GET /mount/a${query} HTTP/1.1\r\nHost: files.example\r\nConnection: close\r\n\r\n`);
  } finally {
    server.close();
  }
}

test("behind Express, its copy of the whole URL loses only the token", async () => {
  const key = signingKey();
  const app = new Koa();
  app.use(guard({ keys: key.publicPem, now: () => testTime }));
  app.use(({ req, originalUrl, response }) => {
    response.body = { outer: (req as { originalUrl?: string }).originalUrl, originalUrl, members: ownMembers(req) };
  });
  const { status, body } = await mounted(app, `?x=1&token=${signToken(key)}`);
  assert.equal(status, 200);
  const { outer, originalUrl } = JSON.parse(body);
  assert.deepEqual([outer, originalUrl], ["/mount/a?x=1", "/a?x=1"]);
  assert.ok(!body.includes("eyJ"), body);
});

test("given a middleware, the guard protects it, and it can call the next one", async () => {
  const key = signingKey();
  const app = new Koa();
  const guarded: Middleware = async (context, next) => {
    await next();
    context.body = `${context.body} of the guarded file, ${context.state.download.allowed}`;
  };
  app.use(guard({ keys: key.publicPem, now: () => testTime }, guarded));
  app.use((context) => {
    context.body = "the end";
  });
  assert.equal((await mounted(app, "")).status, 401);
  assert.equal((await mounted(app, `?token=${signToken(key)}`)).body, "the end of the guarded file, true");
});

for (const [name, Application] of [
  ["Koa 3", Koa],
  ["Koa 2", Koa2],
] as const) {
  test(`${name}: a logger in front of the guard never prints the token, and has its fingerprint`, async () => {
    const key = signingKey();
    const token = signToken(key);
    const logged: string[] = [];
    const app = new Application();
    app.use(async (context, next) => {
      void [context.query, context.URL]; // parsed before the guard, as by a logger
      await next();
      const { originalUrl, url, query, href, status, state } = context;
      logged.push(JSON.stringify({ originalUrl, url, query, href, status, fingerprint: state.download.fingerprint }));
    });
    app.use(guard({ keys: key.publicPem, now: () => testTime }));
    app.use((context) => {
      context.body = "ok";
    });
    const statuses: number[] = [];
    for (const query of [
      `?x=1&token=${token}`,
      `?token=${token.slice(0, -5)}AAAAA`,
      `?token=${token}&token=${token}`,
      "",
    ]) {
      statuses.push((await mounted(app, query)).status);
    }
    assert.deepEqual(statuses, [200, 401, 400, 401]);
    assert.doesNotMatch(logged.join(), /eyJ/);
    assert.match(logged.map((line) => JSON.parse(line).fingerprint ?? "").join(), /^[0-9a-f]{8},[0-9a-f]{8},,$/);
  });
}

test("a path-bound token is compared with the path that the client sent, behind Express and in a mounted app", async () => {
  const key = signingKey();
  const app = new Koa();
  app.use((context, next) => {
    context.url = context.url.replace("/a", "/"); // as koa-mount does
    return next();
  });
  app.use(guard({ keys: key.publicPem, now: () => testTime, pathBound: true }));
  app.use((context) => {
    context.body = context.url;
  });
  const replyTo = (aud: string) => mounted(app, `?token=${signToken(key, { ...jamfClaims, aud })}`);
  const { status, body } = await replyTo("/mount/a");
  assert.deepEqual([status, body], [200, "/"]);
  assert.equal((await replyTo("/a")).status, 401);
  assert.equal((await replyTo("/")).status, 401);
});

test("a response that earlier middleware sent without Koa is left unchanged", async () => {
  const key = signingKey();
  const app = new Koa();
  app.use(async (context, next) => {
    context.respond = false;
    context.res.writeHead(202).end("sent already");
    await next();
  });
  app.use(guard({ keys: key.publicPem, now: () => testTime }));
  const reached = new Promise((resolve) => {
    app.on("error", resolve);
    app.use(() => resolve("the handler"));
  });
  const { status, headers, body } = await mounted(app, `?token=${signToken(key)}`);
  assert.deepEqual([status, headers["cache-control"], body], [202, undefined, "sent already"]);
  assert.equal(await reached, "the handler");
});
