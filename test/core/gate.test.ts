import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, type GateOptions, type RefusalCode } from "@portcullis/core";
import { jamfClaims, segment, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

const key = await webSigningKey();
const otherKey = await webSigningKey();
const now = () => testTime;

async function codeFor(url: string, options: Partial<GateOptions> = {}): Promise<RefusalCode | "allowed"> {
  const decision = await createGate({ keys: key.publicPem, now, ...options }).check(url);
  return decision.allowed ? "allowed" : decision.code;
}

test("a token as Jamf Pro makes it opens the gate", async () => {
  const gate = createGate({ keys: key.publicPem, now });
  const decision = await gate.check(`/apps/a.ipa?token=${await webSignToken(key)}`);
  assert.ok(decision.allowed);
  assert.deepEqual({ ...decision.claims }, jamfClaims);
  assert.equal(decision.expiresAt.getTime(), jamfClaims.exp * 1000);
  assert.equal(decision.cached, false);
  assert.match(decision.keyId, /^[A-Za-z0-9_-]{43}$/);
});

test("the claims of a decision are frozen and inherit nothing", async () => {
  const claims = '{"sub":"AppManifest","iss":"JSS","exp":1503324914,"__proto__":{"polluted":1},"x":[{"y":{}}]}';
  const decision = await createGate({ keys: key.publicPem, now }).check(`?token=${await webSignToken(key, claims)}`);
  assert.ok(decision.allowed);
  const prototype = Object.getPrototypeOf(decision.claims);
  assert.deepEqual([Reflect.ownKeys(prototype), Object.isFrozen(prototype)], [[], true]);
  assert.equal(Object.getPrototypeOf(prototype), null);
  assert.ok(Object.isFrozen(decision.claims));
  const [nested] = decision.claims.x as [{ y: object }];
  assert.ok(Object.isFrozen(nested) && Object.isFrozen(nested.y) && Object.isFrozen(decision.claims.x));
  assert.equal(({} as { polluted?: number }).polluted, undefined);
  assert.equal((decision.claims as { polluted?: number }).polluted, undefined);
});

test("the claims of a decision are what the token says, empty lists and objects too", async () => {
  const claims = { ...jamfClaims, lists: [[], [1, null, [true]]], objects: [{}, { a: "b" }], text: "" };
  const decision = await createGate({ keys: key.publicPem, now }).check(`?token=${await webSignToken(key, claims)}`);
  assert.deepEqual(JSON.parse(JSON.stringify(decision.allowed && decision.claims)), claims);
});

test("absolute, path-only and strange request targets get the same decision", async () => {
  const token = await webSignToken(key);
  for (const target of [
    "https://example.com/a.ipa",
    "/a.ipa",
    "//evil:99999/a",
    "http://[bad/a",
    "*",
    "",
    "\\\\x\\y",
  ]) {
    assert.equal(await codeFor(`${target}?token=${token}`), "allowed", target);
    assert.equal(await codeFor(target), "token_missing", target);
  }
  const decision = await createGate({ keys: key.publicPem, now }).check(new URL(`https://e.com/?token=${token}`));
  assert.equal(decision.allowed, true);
});

test("a target that is not a URL is refused without throwing", async () => {
  const gate = createGate({ keys: key.publicPem, now });
  for (const thing of [undefined, null, 5, Symbol("url"), Object.create(null), {}]) {
    assert.equal((await gate.check(thing as string)).allowed, false);
  }
});

test("a token signed with another key is refused, and none of its content is reported", async () => {
  const token = await webSignToken(otherKey, { ...jamfClaims, exp: 1 });
  const decision = await createGate({ keys: key.publicPem, now }).check(`/a?token=${token}`);
  assert.ok(!decision.allowed);
  assert.equal(decision.code, "signature_invalid");
  assert.equal(decision.claims, undefined);
  assert.equal(decision.keyId, undefined);
});

test("a refusal after signature verification has the verified claims and the key", async () => {
  const token = await webSignToken(key, { ...jamfClaims, exp: testTime - 3600 });
  const decision = await createGate({ keys: key.publicPem, now }).check(`/a?token=${token}`);
  assert.ok(!decision.allowed);
  assert.equal(decision.code, "token_expired");
  assert.equal(decision.claims?.exp, testTime - 3600);
  assert.match(decision.keyId ?? "", /^[\w-]{43}$/);
  assert.equal(decision.message, "The token has expired; send the install command again for a fresh link.");
});

test("expiry is checked on each request, even for a cached token", async () => {
  let time = testTime;
  const gate = createGate({ keys: key.publicPem, now: () => time });
  const url = `/a?token=${await webSignToken(key)}`;
  const verdicts: unknown[] = [];
  for (time of [testTime, jamfClaims.exp + 59.9, jamfClaims.exp + 60]) {
    const decision = await gate.check(url);
    verdicts.push(decision.allowed ? decision.cached : decision.code);
  }
  assert.deepEqual(verdicts, [false, true, "token_expired"]);
});

test("by default a gate uses the system clock", async () => {
  const seconds = Math.floor(Date.now() / 1000);
  const gate = createGate({ keys: key.publicPem });
  const codes: string[] = [];
  for (const exp of [seconds + 600, seconds - 600, seconds + 7800]) {
    const decision = await gate.check(`?token=${await webSignToken(key, { ...jamfClaims, exp })}`);
    codes.push(decision.allowed ? "allowed" : decision.code);
  }
  assert.deepEqual(codes, ["allowed", "token_expired", "expiry_too_far"]);
});

test("a clock that returns an invalid time refuses everything", async () => {
  let time = testTime;
  const gate = createGate({ keys: key.publicPem, now: () => time });
  const url = `/a?token=${await webSignToken(key, { ...jamfClaims, exp: testTime + 1e8 })}`;
  for (const nonsense of [Number.NaN, "1503324314", undefined]) {
    time = nonsense as number;
    assert.equal((await gate.check(url)).allowed, false);
  }
});

test("an internal error, such as a clock that throws, rejects and is not reported as a problem with the keys", async () => {
  let isBroken = false;
  const gate = createGate({
    keys: key.publicPem,
    now: () => {
      if (isBroken) throw new Error("no clock");
      return testTime;
    },
  });
  isBroken = true;
  await assert.rejects(gate.check(`/a?token=${await webSignToken(key)}`), /^Error: no clock$/);
});

test("keys that cannot be loaded, and crypto that fails, give keys_unavailable with the cause", async () => {
  const cause = new Error("the key server is down");
  const gate = createGate({ keys: () => Promise.reject(cause), now });
  const decision = await gate.check(`/a?token=${await webSignToken(key)}`);
  assert.ok(!decision.allowed);
  assert.equal(decision.code, "keys_unavailable");
  assert.equal(decision.cause, cause);
});

test("every single-character change of a valid token is refused", { timeout: 300_000 }, async () => {
  const token = await webSignToken(key);
  const gate = createGate({ keys: key.publicPem, now });
  assert.equal((await gate.check(`?token=${token}`)).allowed, true);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
  for (let index = 0; index < token.length; index += 1) {
    const [before, after] = [token.slice(0, index), token.slice(index + 1)];
    const changes = [...alphabet].filter((letter) => letter !== token.charAt(index));
    for (const change of [...changes, ""]) {
      const decision = await gate.check(`?token=${before}${change}${after}`);
      assert.equal(decision.allowed, false, `"${change}" at ${index}`);
    }
    assert.equal((await gate.check(`?token=${before}`)).allowed, false, `cut at ${index}`);
  }
});

test("all spellings of the last character that hide stray bits are refused", async () => {
  const token = await webSignToken(key);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const allowed: string[] = [];
  for (const last of alphabet) {
    if ((await codeFor(`?token=${token.slice(0, -1)}${last}`)) === "allowed") allowed.push(last);
  }
  assert.deepEqual(allowed, [token.at(-1)]);
});

test("a signature whose length differs from the modulus is refused without trying RSA", async () => {
  const token = await webSignToken(key);
  const [header, payload] = token.split(".");
  const n = bytesOf(key.publicJwk.n);
  const forged = [
    new Uint8Array(256),
    Uint8Array.of(...new Uint8Array(255), 1),
    n,
    Uint8Array.of(...n.subarray(0, 255), ((n[255] as number) - 1) & 255),
    new Uint8Array(255),
    Uint8Array.of(0, ...new Uint8Array(256)),
    Uint8Array.of(1),
  ];
  for (const signature of forged) {
    assert.equal(await codeFor(`?token=${header}.${payload}.${segment(signature)}`), "signature_invalid");
  }
  const padded = Uint8Array.of(0, ...bytesOf(token.split(".")[2] as string));
  assert.equal(await codeFor(`?token=${header}.${payload}.${segment(padded)}`), "signature_invalid");
});

function bytesOf(base64url: string): Uint8Array {
  return Uint8Array.from(atob(base64url.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
}

test("refusals are never cached", async () => {
  const gate = createGate({ keys: key.publicPem, now });
  const token = await webSignToken(otherKey);
  for (let round = 0; round < 3; round += 1) {
    const decision = await gate.check(`?token=${token}`);
    assert.equal(!decision.allowed && decision.code, "signature_invalid");
  }
});

test("one gate decides about a thousand requests concurrently and independently", async () => {
  const gate = createGate({ keys: [otherKey.publicPem, key.publicPem], now });
  const good = await webSignToken(key);
  const expired = await webSignToken(otherKey, { ...jamfClaims, exp: testTime - 61 });
  const urls = [`?token=${good}`, `?token=${expired}`, "?", `?token=${good}&token=${good}`, "?token=a.b.c"];
  const expected = ["allowed", "token_expired", "token_missing", "token_repeated", "token_malformed"];
  const decisions = await Promise.all(
    Array.from({ length: 1000 }, (_, index) => gate.check(urls[index % 5] as string)),
  );
  decisions.forEach((decision, index) => {
    assert.equal(decision.allowed ? "allowed" : decision.code, expected[index % 5]);
  });
});

test("ready resolves, and the gate exposes its token parameter", async () => {
  const gate = createGate({ keys: key.publicPem, tokenParameter: "t" });
  assert.equal(await gate.ready(), undefined);
  assert.equal(gate.tokenParameter, "t");
  assert.equal(await codeFor(`?t=${await webSignToken(key)}`, { tokenParameter: "t" }), "allowed");
});
