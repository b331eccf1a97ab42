import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, isConfigurationError } from "@portcullis/core";
import { type Decision, type GuardOptions, guard } from "@portcullis/web-fetch";
import { testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

const key = await webSigningKey();
const options = { keys: key.publicPem, now: () => testTime };
const token = await webSignToken(key);
const url = `https://files.example/a.ipa?x=1&token=${token}`;

test("the handler gets the request without its token, the decision, and the runtime's other arguments", async () => {
  const seen: unknown[] = [];
  const fetch = guard(
    options,
    (request: Request, download: Decision, environment: { bucket: string }, context: object) => {
      seen.push(request.url, download.allowed, environment, context);
      return new Response("the file");
    },
  );
  const [environment, context] = [{ bucket: "apps" }, {}];
  const response = await fetch(new Request(url), environment, context);
  assert.equal(await response.text(), "the file");
  assert.deepEqual(seen, ["https://files.example/a.ipa?x=1", true, environment, context]);
});

test("the request keeps its method, headers, body and abort signal", async () => {
  const abort = new AbortController();
  let inner: Request | undefined;
  const fetch = guard(options, async (request) => {
    inner = request;
    return new Response(await request.text());
  });
  const headers = { Range: "bytes=0-1", "If-Range": '"x"' };
  const response = await fetch(new Request(url, { method: "POST", body: "the body", headers, signal: abort.signal }));
  assert.equal(await response.text(), "the body");
  assert.equal(inner?.method, "POST");
  assert.equal(inner?.headers.get("range"), "bytes=0-1");
  assert.equal(inner?.headers.get("if-range"), '"x"');
  assert.equal(inner?.signal.aborted, false);
  abort.abort();
  assert.equal(inner?.signal.aborted, true);
});

test("a streamed response is passed on unchanged, with its status and range headers", async () => {
  const chunks = ["one ", "two ", "three"];
  const body = () =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        const chunk = chunks.shift();
        if (chunk === undefined) controller.close();
        else controller.enqueue(new TextEncoder().encode(chunk));
      },
    });
  const headers = { "Content-Range": "bytes 0-12/13", ETag: '"v1"' };
  const fetch = guard(options, () => new Response(body(), { status: 206, headers }));
  const response = await fetch(new Request(url));
  assert.equal(response.status, 206);
  assert.equal(response.headers.get("content-range"), "bytes 0-12/13");
  assert.equal(response.headers.get("etag"), '"v1"');
  assert.equal(await response.text(), "one two three");
});

test("a response is made private, even if its headers are immutable", async () => {
  const redirect = Response.redirect("https://files.example/b", 302);
  // The standard makes the headers of a redirect immutable; Bun does not.
  const isReadOnly = !("Bun" in globalThis);
  if (isReadOnly) assert.throws(() => redirect.headers.set("Cache-Control", "private"), /immutable|modify/i);
  const readOnly = await guard(options, () => redirect)(new Request(url));
  assert.equal(readOnly.status, 302);
  assert.equal(readOnly.headers.get("location"), "https://files.example/b");
  assert.equal(readOnly.headers.get("cache-control"), "private");

  const own = () => new Response("", { headers: { "Cache-Control": "no-cache" } });
  assert.equal((await guard(options, own)(new Request(url))).headers.get("cache-control"), "no-cache");
});

test("Response.error() is passed to the runtime as without the guard", async () => {
  const error = Response.error();
  assert.equal(await guard(options, () => error)(new Request(url)), error);
});

test("a client that stops reading a response cancels the handler's stream, even if the response was copied", async () => {
  const stopped: unknown[] = [];
  const body = () => new ReadableStream({ cancel: (reason) => void stopped.push(reason) });
  for (const isReadOnly of [false, true]) {
    const given = new Response(body(), {
      status: 206,
      headers: [
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
      ],
    });
    if (isReadOnly) Object.assign(given.headers, { set: () => assert.fail("the headers cannot be changed") });
    const response = await guard(options, () => given)(new Request(url));
    assert.equal(response.headers.get("cache-control"), "private");
    assert.deepEqual(response.headers.getSetCookie(), given.headers.getSetCookie());
    await response.body?.cancel("gone");
  }
  assert.deepEqual(stopped, ["gone", "gone"]);
});

test("a refused request never reaches the handler", async () => {
  const fetch = guard(options, () => assert.fail("the handler was called"));
  const get = await fetch(new Request("https://files.example/a.ipa"));
  assert.equal(get.status, 401);
  assert.equal((await get.json()).code, "token_missing");
  const head = await fetch(new Request("https://files.example/a.ipa", { method: "HEAD" }));
  assert.equal(head.status, 401);
  assert.equal(await head.text(), "");
  assert.equal(head.headers.get("www-authenticate"), 'Bearer realm="downloads"');
});

test("handler errors propagate to the runtime", async () => {
  const failing = guard(options, () => {
    throw new Error("on purpose");
  });
  await assert.rejects(failing(new Request(url)), /on purpose/);
});

test("a ready gate can be shared between guards", async () => {
  const gate = createGate(options);
  for (const path of ["a", "b"]) {
    const fetch = guard({ gate }, (_request, download) => Response.json(download.allowed && download.cached));
    const response = await fetch(new Request(`https://files.example/${path}?token=${token}`));
    assert.equal(await response.json(), path === "b");
  }
});

test("with reportOnly a request without a token is passed on as the same object", async () => {
  const request = new Request("https://files.example/a.ipa");
  const fetch = guard({ ...options, reportOnly: true }, (inner, download) => {
    assert.equal(inner, request);
    return Response.json(download.allowed);
  });
  assert.equal(await (await fetch(request)).json(), false);
});

test("wrong options throw when the guard is made", () => {
  assert.throws(() => guard({} as GuardOptions, () => new Response()), isConfigurationError);
});
