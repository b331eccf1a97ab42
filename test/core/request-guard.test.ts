import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createGate,
  createRequestGuard,
  type Decision,
  decisionFingerprint,
  fingerprintToken,
  type GuardOptions,
  isConfigurationError,
  type ObservedRequest,
  tokenFingerprint,
} from "@portcullis/core";
import { base64url, jamfClaims, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

const key = await webSigningKey();
const options = { keys: key.publicPem, now: () => testTime };
const token = await webSignToken(key);

test("an allowed request continues with its URL but without its token", async () => {
  const result = await createRequestGuard(options)("GET", `/a?x=1&token=${token}&y`);
  assert.ok(result.response === undefined);
  assert.equal(result.url, "/a?x=1&y");
  assert.equal(result.tokenParameter, "token");
  assert.equal(result.download.allowed, true);
});

test("a refused request gets the response of its refusal", async () => {
  const result = await createRequestGuard(options)("GET", "/a");
  assert.equal(result.response?.status, 401);
});

test("a refused request loses its token too, wherever it is, and has its fingerprint", async () => {
  const guard = createRequestGuard(options);
  const changed = `${token.slice(0, -4)}AAAA`;
  const { response, download, url, stripUrl } = await guard("GET", `/a?x=1&token=${changed}&y#${changed}`);
  assert.equal(response?.status, 401);
  assert.equal(download.fingerprint, await fingerprintToken(changed));
  assert.equal(url, "/a?x=1&y#REDACTED");
  assert.equal(stripUrl(`/mount/a?token=${changed}`), "/mount/a");
  for (const target of [`/${token}/a`, `/a?Token=${token}`, `/a?token=x&token=${token}`, `/a#?token=${token}`]) {
    const refused = await guard("GET", target);
    assert.ok(refused.response && !refused.url.includes("eyJ"), refused.url);
  }
});

test("the fingerprint of a URL's token is that of the token the gate reads", async () => {
  const fingerprint = await fingerprintToken(token);
  assert.equal(await tokenFingerprint(`/a?x&%74oken=${token.replace(".", "%2E")}#f`), fingerprint);
  assert.equal(await tokenFingerprint(`/a?t=${token}`, "t"), fingerprint);
  assert.equal((await createRequestGuard(options)("GET", `/a?token=${token}`)).download.fingerprint, fingerprint);
  for (const url of ["/a", `/a?token=${token}&token=${token}`]) assert.equal(await tokenFingerprint(url), undefined);
});

test("the fingerprint after a decision is calculated once for a remembered token, and for each refused one", async () => {
  const gate = createGate(options);
  const url = `/a?token=${token}`;
  const fingerprint = await fingerprintToken(token);
  assert.equal(await decisionFingerprint(await gate.check(url), url, gate), fingerprint);
  // With a URL that has no token, the result shows that the URL is not read again.
  assert.equal(await decisionFingerprint(await gate.check(url), "/", gate), fingerprint);
  const refused = await gate.check("/a?token=bad");
  assert.equal(await decisionFingerprint(refused, "/a?token=bad", gate), await fingerprintToken("bad"));
  assert.equal(await decisionFingerprint(refused, "/", gate), undefined);
});

test("an internal error in the gate rejects, so that an adapter responds with 500", async () => {
  let isBroken = false;
  const now = () => {
    if (isBroken) throw new Error("no clock");
    return testTime;
  };
  const guard = createRequestGuard({ ...options, now });
  isBroken = true;
  await assert.rejects(async () => guard("GET", `/a?token=${token}`), /no clock/);
});

test("with reportOnly a refused request is allowed, has the refusal, and still loses its token", async () => {
  const result = await createRequestGuard({ ...options, reportOnly: true })("GET", "/a?token=bad&b");
  assert.ok(result.response === undefined);
  assert.equal(!result.download.allowed && result.download.code, "token_malformed");
  assert.equal(result.url, "/a?b");
});

test("onDecision gets every decision and never the token", async () => {
  const seen: [Decision, ObservedRequest][] = [];
  const guard = createRequestGuard({ ...options, onDecision: (...args) => seen.push(args) });
  for (const url of [`/a?token=${token}&x`, "/b", "/c?token=bad", `/d?token=${token}&token=${token}`])
    await guard("HEAD", url);
  const fingerprint = await fingerprintToken(token);
  assert.deepEqual(
    seen.map(([decision, request]) => [decision.allowed, request]),
    [
      [true, { method: "HEAD", url: `/a?token=${fingerprint}&x`, fingerprint }],
      [false, { method: "HEAD", url: "/b", fingerprint: undefined }],
      [
        false,
        {
          method: "HEAD",
          url: `/c?token=${await fingerprintToken("bad")}`,
          fingerprint: await fingerprintToken("bad"),
        },
      ],
      [false, { method: "HEAD", url: "/d?token=REDACTED&token=REDACTED", fingerprint: undefined }],
    ],
  );
  assert.ok(!JSON.stringify(seen).includes(token));
});

test("onDecision is called before the request continues, with the gate's own parameter name", async () => {
  const seen: ObservedRequest[] = [];
  const guard = createRequestGuard({
    ...options,
    tokenParameter: "t",
    onDecision: (_decision, request) => seen.push(request),
  });
  await guard("GET", `/a?t=${token}`);
  const fingerprint = await fingerprintToken(token);
  assert.deepEqual(seen, [{ method: "GET", url: `/a?t=${fingerprint}`, fingerprint }]);
  const result = guard("GET", `/b?t=${token}`);
  assert.ok(!("then" in result), "a remembered token is decided immediately");
  assert.equal(seen.length, 2);
});

test("a client can neither forge a log line nor control a terminal", async () => {
  const urls: string[] = [];
  const guard = createRequestGuard({ ...options, onDecision: (_decision, { url }) => urls.push(url) });
  for (const url of ["/a\r\n200 GET /b", "/\u001b[2J\u009b2J\u007f\0?\t", "/%1b\u00e9\u{1F34E}"])
    await guard("GET", url);
  assert.deepEqual(urls, ["/a%0D%0A200 GET /b", "/%1B[2J%C2%9B2J%7F%00?%09", "/%1b\u00e9\u{1F34E}"]);
});

test("a log that throws, rejects or hangs neither stops a download nor lets one through", async () => {
  const logs = [
    () => {
      throw new Error("disk full");
    },
    () => Promise.reject(new Error("disk full")),
    () => new Promise(() => {}),
  ];
  for (const onDecision of logs) {
    const guard = createRequestGuard({ ...options, onDecision });
    assert.equal((await guard("GET", `/a?token=${token}`)).response, undefined);
    assert.equal((await guard("GET", "/a")).response?.status, 401);
  }
  await new Promise((resolve) => setTimeout(resolve, 0)); // an unhandled rejection would end the run
});

test("a remembered token is decided without a promise, as it is with one, and its times are checked again", async () => {
  let now = testTime;
  const guard = createRequestGuard({ ...options, now: () => now });
  const url = `/a?token=${token}`;
  const first = await guard("GET", url);
  const again = guard("GET", url);
  assert.ok(!("then" in again));
  assert.deepEqual(again.download, { ...first.download, cached: true });
  assert.equal(again.url, "/a");
  now += 86_400;
  const expired = guard("GET", url);
  assert.ok(!("then" in expired));
  assert.equal(expired.response?.status, 401);
});

test("a token that only the gate remembers has its fingerprint at the first request to a guard too", async () => {
  const gate = createGate(options);
  const url = `/a?token=${token}`;
  await gate.check(url);
  const { download } = await createRequestGuard({ gate })("GET", url);
  assert.deepEqual([download.allowed && download.cached, download.fingerprint], [true, await fingerprintToken(token)]);
});

test("a remembered token is refused once its key is withdrawn", async () => {
  const other = await webSigningKey();
  let trusted = key.publicJwk;
  const guard = createRequestGuard({ ...options, keys: () => trusted });
  const url = `/a?token=${token}`;
  for (const cached of [false, true]) {
    const { download } = await guard("GET", url);
    assert.equal(download.allowed && download.cached, cached);
  }
  trusted = other.publicJwk;
  assert.equal((await guard("GET", url)).response?.status, 401);
});

test("a remembered token is refused on a path that it is not bound to", async () => {
  const bound = createRequestGuard({ ...options, pathBound: true });
  const query = `?token=${await webSignToken(key, { ...jamfClaims, aud: "/a" })}`;
  assert.equal((await bound("GET", `/a${query}`)).response, undefined);
  const elsewhere = (await bound("GET", `/b${query}`)).download;
  assert.equal(!elsewhere.allowed && elsewhere.code, "path_mismatch");
});

test("an internal error about a remembered token throws here, and rejects from the gate", async () => {
  let isBroken = false;
  const now = () => {
    if (isBroken) throw new Error("no clock");
    return testTime;
  };
  const gate = createGate({ ...options, now });
  const url = `/a?token=${token}`;
  const guard = createRequestGuard({ gate });
  await guard("GET", url);
  isBroken = true;
  assert.throws(() => guard("GET", url), /no clock/);
  await assert.rejects(gate.check(url), /no clock/);
});

test("a gate that wraps another one with its own check makes the decision", async () => {
  const gate = createGate(options);
  const url = `/a?token=${token}`;
  const refused = await gate.check("/a");
  await createRequestGuard({ gate })("GET", url);
  const stricter = { ...gate, check: async () => refused };
  assert.equal((await createRequestGuard({ gate: stricter })("GET", url)).response?.status, 401);
  const guard = createRequestGuard({ gate });
  gate.check = stricter.check;
  assert.equal((await guard("GET", url)).response?.status, 401);
  class OwnGate {
    readonly tokenParameter = "token";
    readonly decision = refused;
    async check() {
      return this.decision;
    }
    async ready() {}
  }
  assert.equal((await createRequestGuard({ gate: new OwnGate() })("GET", url)).response?.status, 401);
});

test("a gate can be passed instead of its options", async () => {
  const gate = createGate({ ...options, tokenParameter: "t" });
  const result = await createRequestGuard({ gate })("GET", `/a?t=${token}&token=1`);
  assert.ok(result.response === undefined);
  assert.equal(result.url, "/a?token=1");
});

test("wrong options throw when the guard is made, and name the option", () => {
  const gate = createGate(options);
  const wrong: [unknown, RegExp][] = [
    [{}, /^keys: /],
    [undefined, /^keys: must be the public half/],
    [null, /^keys: must be the public half/],
    [{ ...options, onDecision: "log" }, /^onDecision: must be a function/],
    [{ ...options, reportOnly: "yes" }, /^reportOnly: must be true or false/],
    [{ ...options, reportonly: true }, /^reportonly: unknown option/],
    [{ gate, clockSkew: 5 }, /^clockSkew: an existing gate has its own options. Pass this to createGate.$/],
    [{ gate: {} }, /^gate: must come from createGate/],
    [{ gate: null }, /^gate: must come from createGate/],
    [{ gate: { check() {} } }, /^gate: must come from createGate/],
  ];
  for (const [given, message] of wrong) {
    assert.throws(
      () => createRequestGuard(given as GuardOptions),
      (error) => isConfigurationError(error) && message.test(error.message),
    );
  }
});

test("a fingerprint is the first eight hexadecimal digits of the token's SHA-256", async () => {
  assert.equal(await fingerprintToken("abc"), "ba7816bf");
  assert.equal(await fingerprintToken("c"), "2e7d2c03", "a byte below 16 has two digits too");
  assert.equal(await fingerprintToken("t3474"), "0d05037f");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  assert.equal(await fingerprintToken(token), hex.slice(0, 8));
  assert.equal(base64url(digest).length, 43);
});

test("the record for onDecision is made in linear time", async () => {
  let told = "";
  const guard = createRequestGuard({ keys: key.publicPem, onDecision: (_decision, { url }) => (told = url) });
  for (const part of ["\u0000", "\u009b", "%0a", "eyJ.", "token=", "&token=a"]) {
    await guard("GET", `/?${part.repeat(100_000)}`);
    assert.ok(told.length > 0);
  }
});
