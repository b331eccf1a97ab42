import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { type Decision, guard } from "@portcullis/web-fetch";
import { H3, type H3Event } from "h3";
import { toNodeHandler } from "h3/node";
import { jamfClaims, signingKey, signToken, testTime } from "../support/signing-key.ts";
import { root, run } from "./packed.ts";

const key = signingKey();
const options = { keys: key.publicPem, now: () => testTime };
const good = signToken(key);
const expired = signToken(key, { ...jamfClaims, exp: testTime - 3600 });
const base = "https://files.example/apps/example.ipa";

/** Sends requests with a valid, an expired and no token; nothing that the handler saw must contain a token. */
async function assertGuarded(ask: (url: string) => Promise<Response>): Promise<void> {
  const allowed = await ask(`${base}?x=1&token=${good}`);
  assert.equal(allowed.status, 200);
  assert.equal(allowed.headers.get("cache-control"), "private");
  assert.match(await allowed.text(), /\/apps\/example\.ipa\?x=1$/);
  for (const [url, code] of [
    [`${base}?token=${expired}`, "token_expired"],
    [base, "token_missing"],
  ] as const) {
    const refused = await ask(url);
    assert.equal(refused.status, 401);
    assert.equal(((await refused.json()) as { code: string }).code, code);
  }
}

test("this folder passes the type check against the real packages", () => {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  assert.equal(run(process.execPath, [tsc, "-p", "test/packages"], root), "");
});

test("export default { fetch }: the object that Workers, Bun and Deno serve", async () => {
  interface Env {
    readonly origin: string;
  }
  const worker = {
    fetch: guard<[Env, { waitUntil(promise: Promise<unknown>): void }]>(
      options,
      (request, _download, env) => new Response(env.origin + request.url),
    ),
  };
  await assertGuarded((url) => worker.fetch(new Request(url), { origin: "" }, { waitUntil() {} }));
});

test("h3, as a handler and as middleware", async () => {
  const handled = guard(options, (request) => new Response(request.url));
  const app = new H3().all("/apps/**", (event) => handled(event.req));
  await assertGuarded(async (url) => app.fetch(new Request(url)));

  const passed = guard(
    options,
    async (request: Request, _download: Decision, _event: H3Event, next: () => unknown) =>
      new Response(`${await next()}${request.url}`),
  );
  const guardedApp = new H3()
    .use("/apps/**", (event, next) => passed(event.req, event, next))
    .get("/apps/**", () => "");
  await assertGuarded(async (url) => guardedApp.fetch(new Request(url)));
});

test("h3 behind node:http, with a real socket", async () => {
  const handled = guard(options, (request) => new Response(request.url));
  const server = createServer(toNodeHandler(new H3().all("/apps/**", (event) => handled(event.req))));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await assertGuarded((url) => fetch(url.replace("https://files.example", `http://127.0.0.1:${port}`)));
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("abort signal, streamed bodies and Range headers reach the handler and the client untouched", async () => {
  const controller = new AbortController();
  const chunks = ["first ", "second ", "third"];
  const seen: { aborted?: boolean; range?: string | null; body?: string } = {};
  const handler = guard(options, async (request) => {
    seen.range = request.headers.get("range");
    seen.body = await request.text();
    request.signal.addEventListener("abort", () => {
      seen.aborted = true;
    });
    return new Response(streamOf(chunks), { status: 206, headers: { "Content-Range": "bytes 0-17/100" } });
  });
  const request = new Request(`${base}?token=${good}`, {
    method: "POST",
    headers: { Range: "bytes=0-17" },
    body: streamOf(["a ", "body"]),
    duplex: "half",
    signal: controller.signal,
  } as RequestInit);
  const response = await handler(request);
  controller.abort();
  assert.equal(response.status, 206);
  assert.equal(response.headers.get("content-range"), "bytes 0-17/100");
  assert.equal(await response.text(), chunks.join(""));
  assert.deepEqual(seen, { range: "bytes=0-17", body: "a body", aborted: true });
});

function streamOf(chunks: readonly string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
}
