import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, type JoseHeader, type ResolvedKey } from "@portcullis/core";
import { createLocalJWKSet } from "jose";
import { jamfClaims, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

const [first, second] = [await webSigningKey(), await webSigningKey()];
const now = () => testTime;
const url = `?token=${await webSignToken(second)}`;

async function codeFor(gate: ReturnType<typeof createGate>): Promise<string> {
  const decision = await gate.check(url);
  return decision.allowed ? "allowed" : decision.code;
}

test("jose's key set functions are key resolvers", async () => {
  const one = createLocalJWKSet({ keys: [{ ...second.publicJwk }] });
  assert.equal(await codeFor(createGate({ keys: one, now })), "allowed");
});

test("tokens without kid are tried with every key of jose's set", async () => {
  for (const keys of [
    [first, second],
    [second, first],
  ]) {
    const set = createLocalJWKSet({ keys: keys.map(({ publicJwk }, index) => ({ ...publicJwk, kid: `k${index}` })) });
    assert.equal(await codeFor(createGate({ keys: set, now })), "allowed");
  }
});

test("a set without a fitting key refuses the signature", async () => {
  const set = createLocalJWKSet({ keys: [{ ...first.publicJwk, kid: "a" }] });
  const gate = createGate({ keys: set, now });
  assert.equal(await codeFor(gate), "signature_invalid");
  const token = await webSignToken(first, jamfClaims, { alg: "RS256", kid: "b" });
  const decision = await gate.check(`?token=${token}`);
  assert.equal(!decision.allowed && decision.code, "signature_invalid");
});

test("a resolver gets the header and returns a JWK or a CryptoKey, synchronously or asynchronously", async () => {
  const headers: JoseHeader[] = [];
  for (const resolved of [second.publicJwk, second.publicKey, Promise.resolve(second.publicJwk)]) {
    const resolver = (header: JoseHeader) => {
      headers.push(header);
      return resolved;
    };
    assert.equal(await codeFor(createGate({ keys: resolver, now })), "allowed");
  }
  assert.deepEqual(
    headers.map((header) => ({ ...header })),
    Array(3).fill({ alg: "RS256" }),
  );
});

test("a resolver cannot modify the header object, which all Jamf Pro tokens share", async () => {
  const seen: JoseHeader[] = [];
  const keys = (header: JoseHeader) => {
    seen.push(header);
    return second.publicJwk;
  };
  const gate = createGate({ keys, now });
  for (const header of [{ alg: "RS256" }, { alg: "RS256", typ: "JWT" }]) {
    assert.ok((await gate.check(`?token=${await webSignToken(second, jamfClaims, header)}`)).allowed);
  }
  assert.deepEqual(seen.map(Object.isFrozen), [true, true]);
});

test("a resolver that fails makes the keys unavailable, and its error is kept for the log", async () => {
  const cause = new Error("connection refused");
  for (const error of [cause, undefined, "text"]) {
    const failing = async (): Promise<ResolvedKey> => {
      throw error;
    };
    const decision = await createGate({ keys: failing, now }).check(url);
    assert.ok(!decision.allowed);
    assert.equal(decision.code, "keys_unavailable");
    assert.equal(decision.status, 503);
    if (error === cause) assert.equal(decision.cause, cause);
  }
});

test("a resolver that returns no usable key fails closed", async () => {
  const secret = { kty: "oct", k: "c2VjcmV0" };
  for (const resolved of [undefined, null, secret, new Uint8Array(32), "", { ...second.publicJwk, use: "enc" }]) {
    const gate = createGate({ keys: () => resolved as ResolvedKey, now });
    assert.equal(await codeFor(gate), "keys_unavailable");
  }
});

test("a cached token is refused as soon as the resolver no longer returns its key", async () => {
  let current: ResolvedKey = second.publicJwk;
  const gate = createGate({ keys: () => current, now });
  const verdicts: unknown[] = [];
  for (current of [second.publicJwk, second.publicJwk, first.publicJwk, { ...second.publicJwk }]) {
    const decision = await gate.check(url);
    verdicts.push(decision.allowed ? decision.cached : decision.code);
  }
  assert.deepEqual(verdicts, [false, true, "signature_invalid", true]);
});

test("a key that the resolver returns repeatedly is imported once", async () => {
  let reads = 0;
  const { n, ...others } = second.publicJwk;
  const resolved = Object.defineProperty({ ...others }, "n", {
    get() {
      reads += 1;
      return n;
    },
  }) as ResolvedKey;
  const gate = createGate({ keys: () => resolved, now, cacheSize: 0 });
  assert.deepEqual([await codeFor(gate), await codeFor(gate), reads], ["allowed", "allowed", 1]);
});

test("a gate with a resolver is ready immediately", async () => {
  assert.equal(await createGate({ keys: () => assert.fail("not asked yet") }).ready(), undefined);
});
