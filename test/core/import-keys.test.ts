import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, importKeys, isConfigurationError, type PublicKeys, type VerificationKey } from "@portcullis/core";
import { jamfClaims, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

const [first, second] = [await webSigningKey(), await webSigningKey(3072)];
const now = () => testTime;

test("the thumbprint of the example key in RFC 7638 section 3.1 is the one printed there", async () => {
  const n =
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
  const [key] = await importKeys({ kty: "RSA", n, e: "AQAB", alg: "RS256", kid: "2011-04-29" });
  assert.equal(key?.keyId, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  assert.equal(key.kid, "2011-04-29");
  assert.deepEqual([key.modulus.length, [...key.exponent]], [256, [1, 0, 1]]);
});

test("imported keys are in the order of their sources", async () => {
  const [one] = await importKeys(first.publicPem);
  const [two] = await importKeys([second.publicKey]);
  const all = await importKeys([second.publicPem, { keys: [first.publicJwk] }]);
  assert.deepEqual(
    all.map(({ keyId }) => keyId),
    [two?.keyId, one?.keyId],
  );
  assert.notEqual(one?.keyId, two?.keyId);
});

test("a gate accepts imported keys, alone, in a list with others, and from a resolver", async () => {
  const imported = await importKeys([first.publicPem, second.publicPem]);
  const [one, two] = imported as [VerificationKey, VerificationKey];
  for (const keys of [imported, one, [second.publicPem, one], [two, first.publicJwk], () => one]) {
    const decision = await createGate({ keys, now }).check(`?token=${await webSignToken(first)}`);
    assert.equal(decision.allowed && decision.keyId, one.keyId);
  }
  const decision = await createGate({ keys: two, now }).check(`?token=${await webSignToken(first)}`);
  assert.equal(!decision.allowed && decision.code, "signature_invalid");
});

test("a key that has been imported is not imported again", async () => {
  const imported = await importKeys([first.publicPem, second.publicPem]);
  const again = await importKeys(imported);
  assert.ok(again.every((key, index) => key === imported[index]));
});

test("the kid of an imported key still counts", async () => {
  const imported = await importKeys({ ...first.publicJwk, kid: "a" });
  const other = { ...second.publicJwk, kid: "a" };
  assert.throws(() => createGate({ keys: [...imported, other] }), /^TypeError: keys: two keys have the same kid/);
  const gate = createGate({ keys: imported, now });
  for (const kid of ["a", "b"]) {
    const token = await webSignToken(first, jamfClaims, { alg: "RS256", kid });
    assert.equal((await gate.check(`?token=${token}`)).allowed, kid === "a");
  }
});

test("what a gate would not accept is rejected with a configuration error", async () => {
  for (const keys of ["-----BEGIN NOTHING", [], undefined, null, 1, { verify: "text" }]) {
    await assert.rejects(
      importKeys(keys as PublicKeys),
      (error) => isConfigurationError(error) && error.option === "keys",
    );
  }
});
