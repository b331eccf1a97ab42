/** One of the servers that are measured, in a process of its own: `server-under-test.mjs KIND PORT-OR-SOCKET PUBLIC-KEY [FOLDER [STORE]] [CERTIFICATE]`. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";

const [kind, port, publicPem, ...args] = process.argv.slice(2);
const options = { keys: publicPem };
const text = "the file";
const algorithms = ["RS256"];
const privately = ["Cache-Control", "private"];

/** Bare servers send the headers that the guarded ones send. What a contender does not need is not loaded. */
const listeners = {
  "node:http": async () => (_request, response) => {
    response.setHeader(...privately);
    response.end(text);
  },
  "@portcullis/node-http": async () => {
    const { guard } = await import("@portcullis/node-http");
    return guard(options, (_request, response) => response.end(text));
  },
  koa: async () =>
    koaApp((context, next) => {
      context.set(...privately);
      return next();
    }),
  "@portcullis/koa": async () => {
    const { guard } = await import("@portcullis/koa");
    return koaApp(guard(options));
  },
  "koa-jwt": async () => {
    const { default: koaJwt } = await import("koa-jwt");
    const getToken = (context) => new URLSearchParams(context.querystring).get("token");
    return koaApp(koaJwt({ secret: publicPem, algorithms, getToken }));
  },
  express: async () => expressApp(undefined),
  "@portcullis/node-http in Express": async () => {
    const { guard } = await import("@portcullis/node-http");
    return expressApp(guard(options));
  },
  "express-jwt": async () => {
    const { expressjwt } = await import("express-jwt");
    return expressApp(expressjwt({ secret: publicPem, algorithms, getToken: ({ query }) => query.token }));
  },
  fastify: async () => fastifyApp({}, () => {}),
  "@portcullis/fastify": async () => {
    const { guard, hideToken } = await import("@portcullis/fastify");
    return fastifyApp({ rewriteUrl: hideToken() }, (app) => app.register(guard, options));
  },
  "@fastify/jwt": async () => {
    const { default: fastifyJwt } = await import("@fastify/jwt");
    return fastifyApp({}, async (app) => {
      const verify = { algorithms, extractToken: ({ query }) => query.token };
      await app.register(fastifyJwt, { secret: { public: publicPem }, verify });
      app.addHook("onRequest", (request) => request.jwtVerify());
    });
  },
  "fixed 401": async () => fixed(401, refusalHeaders, "x".repeat(141)),
  "fixed 304": async () => fixed(304, fileHeaders),
  "fixed 204": async () => fixed(204, { "Cache-Control": "no-store", "X-Portcullis-Code": "allowed" }),
  floor: async () => {
    const { floor } = await import("./floor.mjs");
    return floor(args[0]);
  },
  folder: async () => {
    const { folder, serveFrom } = await import("@portcullis/origin/node");
    return serveFrom(folder(args[0]));
  },
  // The least that a proxy written with Node.js's own fetch does. Like the others, it must not pass on the token.
  "fetch and pipe": async () => {
    const { pipeline, Readable } = await import("node:stream");
    return async (request, response) => {
      const { status, headers, body } = await fetch(`${args[1]}${request.url.split("?")[0]}`);
      response.writeHead(status, { "Content-Length": headers.get("Content-Length"), ...fileHeaders });
      pipeline(Readable.fromWeb(body), response, () => {});
    };
  },
  store: async () => serveStore((origin) => origin),
  cache: async () => serveCached({}),
  "cache, asking once a minute": async () => serveCached({ checkInterval: 60_000 }),
  sirv: async () => {
    const { default: sirv } = await import("sirv");
    // With `dev`, it looks at the current file, as the others do; without it, a file that was replaced is sent wrongly.
    return sirv(args[0], { dev: true, etag: true });
  },
  "serve-static": async () => {
    const { default: serveStatic } = await import("serve-static");
    return serveStatic(args[0]);
  },
};

const refusalHeaders = {
  "Content-Type": "application/problem+json",
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "WWW-Authenticate": 'Bearer realm="downloads"',
};
const fileHeaders = {
  "Cache-Control": "private",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  ETag: '"AAAAAAAAAAAAAAAAAAAAAA"',
  "Last-Modified": "Mon, 30 Nov 2026 08:00:00 GMT",
};

function fixed(status, headers, body = "") {
  const length = body === "" ? {} : { "Content-Length": body.length };
  return (_request, response) => {
    response.writeHead(status, { ...headers, ...length });
    response.end(body);
  };
}

async function koaApp(middleware) {
  const { default: Koa } = await import("koa");
  const send = (context) => {
    context.body = text;
  };
  return new Koa().use(middleware).use(send).callback();
}

async function expressApp(middleware) {
  const { default: express } = await import("express");
  const app = express().disable("x-powered-by").disable("etag");
  if (middleware) app.use(middleware);
  return app.get("/a.ipa", (_request, response) => {
    response.set(...privately);
    response.send(text);
  });
}

async function fastifyApp(settings, prepare) {
  const { default: fastify } = await import("fastify");
  const app = fastify(settings);
  await prepare(app);
  app.get("/a.ipa", async (_request, reply) => {
    reply.header(...privately);
    return text;
  });
  await app.ready();
  return (request, response) => app.routing(request, response);
}

async function serveStore(wrap) {
  const { httpOrigin } = await import("@portcullis/origin");
  const { serveFrom } = await import("@portcullis/origin/node");
  return serveFrom(wrap(httpOrigin({ url: args[1] })));
}

async function serveCached(options) {
  const { diskCache } = await import("@portcullis/origin/node");
  const folder = `${args[0]}/cache-${port}`;
  return serveStore((origin) => diskCache(origin, { folder, maxBytes: 2 ** 32, ...options }));
}

const listener = await listeners[kind]();
const certificate = args.find((text) => text.endsWith(".pem"));
const server = certificate
  ? createTlsServer({ cert: readFileSync(certificate), key: readFileSync(`${certificate}.key`) }, listener)
  : createServer(listener);
if (port.includes("/")) server.listen(port);
else server.listen(Number(port), "127.0.0.1");
// Exits by itself, not by the signal, so that Node.js writes a profile if one was requested.
process.once("SIGTERM", () => process.exit());
