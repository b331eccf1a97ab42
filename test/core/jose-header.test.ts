import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate } from "@portcullis/core";
import { jamfClaims, segment, signatureOf, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

const key = await webSigningKey();
const gate = createGate({ keys: key.publicPem, now: () => testTime });

async function codeFor(header: unknown): Promise<string> {
  const decision = await gate.check(`/a?token=${await webSignToken(key, jamfClaims, header)}`);
  return decision.allowed ? "allowed" : decision.code;
}

const algorithms: unknown[] = [
  ...["none", "None", "NONE", "nOnE", "", " RS256", "RS256 ", "rs256", "Rs256", "RS256\0", "RS384", "RS512"],
  ...["HS256", "HS384", "HS512", "ES256", "PS256", "EdDSA", "RSA1_5", "dir", "constructor", "__proto__", "toString"],
  ...[null, 0, 1, true, ["RS256"], { RS256: 1 }, [["RS256"]]],
];

test("every algorithm but RS256 is refused, whatever its spelling or type", async () => {
  for (const alg of algorithms) {
    assert.equal(await codeFor({ alg }), "algorithm_not_allowed", JSON.stringify(alg));
  }
  assert.equal(await codeFor({}), "algorithm_not_allowed");
  assert.equal(await codeFor('{"__proto__":{"alg":"RS256"}}'), "algorithm_not_allowed");
});

test("HS256 keyed with the public key in any form is refused", async () => {
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", key.publicKey));
  const secrets = [key.publicPem, key.publicPem.trim(), key.publicJwk.n, JSON.stringify(key.publicJwk)]
    .map((text) => new TextEncoder().encode(text))
    .concat(spki);
  for (const alg of ["HS256", "RS256"]) {
    for (const secret of secrets) {
      const signingInput = `${segment({ alg })}.${segment(jamfClaims)}`;
      const hmac = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
      const mac = new Uint8Array(await crypto.subtle.sign("HMAC", hmac, new TextEncoder().encode(signingInput)));
      const decision = await gate.check(`?token=${signingInput}.${segment(mac)}`);
      const expected = alg === "HS256" ? "algorithm_not_allowed" : "signature_invalid";
      assert.equal(!decision.allowed && decision.code, expected);
    }
  }
});

test("an unsigned token is refused, with an empty or any signature", async () => {
  const signingInput = `${segment({ alg: "none" })}.${segment(jamfClaims)}`;
  const codes: unknown[] = [];
  for (const signature of ["", "AA", await signatureOf(key, signingInput)]) {
    const decision = await gate.check(`?token=${signingInput}.${signature}`);
    codes.push(!decision.allowed && decision.code);
  }
  assert.deepEqual(codes, ["token_malformed", "algorithm_not_allowed", "algorithm_not_allowed"]);
});

test("crit in any shape, b64, zip and enc are refused", async () => {
  for (const crit of [[], ["exp"], ["b64"], "exp", null, {}, 0, false]) {
    assert.equal(await codeFor({ alg: "RS256", crit }), "header_not_supported");
  }
  for (const extra of [{ b64: true }, { b64: false }, { zip: "DEF" }, { enc: "A128GCM" }, { zip: null }]) {
    assert.equal(await codeFor({ alg: "RS256", ...extra }), "header_not_supported", JSON.stringify(extra));
  }
});

test("typ may be absent or JWT in any case, and nothing else", async () => {
  for (const typ of ["JWT", "jwt", "Jwt"]) assert.equal(await codeFor({ alg: "RS256", typ }), "allowed");
  for (const typ of ["at+jwt", "JWE", "application/jwt", "", null, 1, ["JWT"], { toString: 1 }]) {
    assert.equal(await codeFor({ alg: "RS256", typ }), "header_not_supported", JSON.stringify(typ));
  }
});

test("kid must be a string if there is one, and is never looked up anywhere", async () => {
  for (const kid of ["", "x", "../../etc/passwd", "' OR 1=1", "__proto__"]) {
    assert.equal(await codeFor({ alg: "RS256", kid }), "allowed", kid);
  }
  for (const kid of [null, 1, {}, ["a"], true]) {
    assert.equal(await codeFor({ alg: "RS256", kid }), "header_not_supported", JSON.stringify(kid));
  }
});

test("a key inside the token is not used", async () => {
  const attacker = await webSigningKey();
  for (const extra of [
    { jwk: attacker.publicJwk },
    { jku: "https://e.com/k" },
    { x5u: "https://e.com/c" },
    { x5c: ["MII"] },
  ]) {
    const token = await webSignToken(attacker, jamfClaims, { alg: "RS256", ...extra });
    const decision = await gate.check(`?token=${token}`);
    assert.equal(!decision.allowed && decision.code, "signature_invalid");
    assert.equal(await codeFor({ alg: "RS256", ...extra }), "allowed");
  }
});
