import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate } from "@portcullis/core";
import { jamfClaims, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

const [first, second, third] = [await webSigningKey(), await webSigningKey(), await webSigningKey(3072)];
const now = () => testTime;
const keyed = (key: typeof first, kid: string) => ({ ...key.publicJwk, kid });

async function codeFor(gate: ReturnType<typeof createGate>, token: string): Promise<string> {
  const decision = await gate.check(`?token=${token}`);
  return decision.allowed ? "allowed" : decision.code;
}

test("during rotation, tokens of the old and of the new key are accepted in any order of keys", async () => {
  for (const keys of [
    [first, second, third],
    [third, second, first],
  ]) {
    const gate = createGate({ keys: keys.map((key) => key.publicPem), now });
    for (const key of keys) assert.equal(await codeFor(gate, await webSignToken(key)), "allowed");
    assert.equal(await codeFor(gate, await webSignToken(await webSigningKey())), "signature_invalid");
  }
});

test("with several keys, the key that signed the token decides", async () => {
  const expired = { ...jamfClaims, exp: testTime - 100 };
  for (const keys of [
    [first, second],
    [second, first],
  ]) {
    const gate = createGate({ keys: keys.map((key) => key.publicPem), now });
    assert.equal(await codeFor(gate, await webSignToken(second, expired)), "token_expired");
  }
});

test("if token and keys have a kid, only the matching key is tried", async () => {
  const gate = createGate({ keys: [keyed(first, "a"), keyed(second, "b"), third.publicJwk], now });
  const signed = (key: typeof first, kid?: string) =>
    webSignToken(key, jamfClaims, kid === undefined ? undefined : { alg: "RS256", kid });
  assert.equal(await codeFor(gate, await signed(first, "a")), "allowed");
  assert.equal(await codeFor(gate, await signed(first, "b")), "signature_invalid");
  assert.equal(await codeFor(gate, await signed(first, "c")), "signature_invalid");
  assert.equal(await codeFor(gate, await signed(third, "c")), "allowed");
  assert.equal(await codeFor(gate, await signed(first)), "allowed");
  assert.equal(await codeFor(gate, await signed(second)), "allowed");
});

test("a token with a kid is verified correctly on the first request of a gate", async () => {
  const token = await webSignToken(first, jamfClaims, { alg: "RS256", kid: "b" });
  assert.equal(await codeFor(createGate({ keys: [keyed(first, "a")], now }), token), "signature_invalid");
  assert.equal(await codeFor(createGate({ keys: [keyed(first, "b")], now }), token), "allowed");
});

test("a signature as long as one key's modulus is not tried with a key of another size", async () => {
  const gate = createGate({ keys: third.publicPem, now });
  assert.equal(await codeFor(gate, await webSignToken(first)), "signature_invalid");
});
