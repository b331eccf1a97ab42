import assert from "node:assert/strict";
import { after, test } from "node:test";
import { pem, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

// If `process.getBuiltinModule` exists, core uses `node:crypto`. Removing it before core is loaded makes core use
// Web Crypto, as in a browser.
const { process } = globalThis as { process?: { getBuiltinModule?: unknown } };
const getBuiltinModule = process?.getBuiltinModule;
if (process) Object.assign(process, { getBuiltinModule: undefined });
after(() => {
  if (process) Object.assign(process, { getBuiltinModule });
});
const { createGate, fingerprintToken, isConfigurationError } = await import("@portcullis/core");

const [key, other] = [await webSigningKey(), await webSigningKey(3072)];
const now = () => testTime;

test("with only Web Crypto, a valid token is accepted and a changed one is refused", async () => {
  for (const keys of [key.publicPem, [other.publicPem, key.publicJwk], key.publicKey]) {
    const gate = createGate({ keys, now });
    await gate.ready();
    const token = await webSignToken(key);
    const allowed = await gate.check(`?token=${token}`);
    assert.ok(allowed.allowed);
    assert.match(allowed.keyId, /^[\w-]{43}$/);
    const cached = await gate.check(`?token=${token}`);
    assert.equal(cached.allowed && cached.cached, true);
    const changed = await gate.check(`?token=${token.slice(0, -5)}AAAAA`);
    assert.equal(changed.allowed, false);
  }
});

test("the first requests need not wait for ready", async () => {
  const gate = createGate({ keys: [key.publicPem, other.publicPem], now });
  const tokens = [await webSignToken(other), await webSignToken(key)];
  const decisions = await Promise.all(tokens.map((token) => gate.check(`?token=${token}`)));
  assert.deepEqual(
    decisions.map(({ allowed }) => allowed),
    [true, true],
  );
});

test("RSA is tried only if the signature is as long as the modulus", async () => {
  const { subtle } = crypto;
  const verify = subtle.verify;
  let tried = 0;
  const counting = (...args: Parameters<typeof verify>) => {
    tried += 1;
    return verify.apply(subtle, args);
  };
  Object.defineProperty(subtle, "verify", { configurable: true, value: counting });
  try {
    const gate = createGate({ keys: [key.publicPem, other.publicPem], now });
    assert.equal((await gate.check(`?token=${await webSignToken(other)}`)).allowed, true);
    assert.equal(tried, 1, "the key of another length was left out");
    await gate.check("?token=eyJhbGciOiJSUzI1NiJ9.e30.AAAA");
    assert.equal(tried, 1);
  } finally {
    Object.defineProperty(subtle, "verify", { configurable: true, value: verify });
  }
});

test("a key that the runtime cannot import makes ready reject and every check fail closed", async () => {
  const { subtle } = crypto;
  const importKey = subtle.importKey;
  const gate = createGate({ keys: other.publicPem, now });
  Object.defineProperty(subtle, "importKey", {
    configurable: true,
    value: () => Promise.reject(new Error("no such key")),
  });
  try {
    await assert.rejects(gate.ready(), (error) => {
      assert.ok(isConfigurationError(error) && error.option === "keys");
      assert.equal(error.message, "keys: cannot be used in this runtime: Error: no such key");
      return true;
    });
    const decision = await gate.check(`?token=${"eyJhbGciOiJSUzI1NiJ9.e30.AA"}`);
    assert.equal(!decision.allowed && decision.code, "keys_unavailable");
  } finally {
    Object.defineProperty(subtle, "importKey", { configurable: true, value: importKey });
  }
});

test("a fingerprint is the same as elsewhere", async () => {
  assert.equal(await fingerprintToken("abc"), "ba7816bf");
  assert.equal(await fingerprintToken("c"), "2e7d2c03", "a byte below 16 has two digits too");
});

test("PKCS#1 and PEM spellings do not depend on the runtime's own parser", async () => {
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", key.publicKey));
  const gate = createGate({ keys: pem("RSA PUBLIC KEY", spki.subarray(24)), now });
  assert.equal((await gate.check(`?token=${await webSignToken(key)}`)).allowed, true);
});
