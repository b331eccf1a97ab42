import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, type GateOptions, gateDefaults, validateClaims } from "@portcullis/core";
import { jamfClaims, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

const key = await webSigningKey();

async function codeFor(claims: unknown, options: Partial<GateOptions> = {}): Promise<string> {
  const gate = createGate({ keys: key.publicPem, now: () => testTime, ...options });
  const decision = await gate.check(`/a?token=${await webSignToken(key, claims)}`);
  return decision.allowed ? "allowed" : decision.code;
}

const wrongValues: unknown[] = [
  undefined,
  null,
  "",
  "x",
  0,
  true,
  {},
  [],
  ["JSS"],
  ["AppManifest"],
  " JSS",
  "JSS ",
  "jss",
];

test("iss must be exactly the expected string", async () => {
  for (const iss of [...wrongValues, "JSSS", "JS", "J\u0405S", "JSS\0", { toString: "JSS" }]) {
    assert.equal(await codeFor({ ...jamfClaims, iss }), "issuer_mismatch", JSON.stringify(iss));
  }
  assert.equal(await codeFor({ ...jamfClaims, iss: "lab" }, { issuer: "lab" }), "allowed");
  assert.equal(await codeFor(jamfClaims, { issuer: "lab" }), "issuer_mismatch");
});

test("sub must be exactly the expected string", async () => {
  for (const sub of [...wrongValues, "AppManifests", "AppManifes", "\u0410ppManifest", "appmanifest", "Setup"]) {
    assert.equal(await codeFor({ ...jamfClaims, sub }), "subject_mismatch", JSON.stringify(sub));
  }
  assert.equal(await codeFor({ ...jamfClaims, sub: "Books" }, { subject: "Books" }), "allowed");
});

test("a configured audience becomes a requirement, alone or in a list", async () => {
  const options = { audience: "files" };
  assert.equal(await codeFor(jamfClaims, options), "audience_mismatch");
  assert.equal(await codeFor({ ...jamfClaims, aud: "files" }, options), "allowed");
  assert.equal(await codeFor({ ...jamfClaims, aud: ["x", "files"] }, options), "allowed");
  for (const aud of ["other", "file", "files2", [], ["x"], [["files"]], null, 1, { files: 1 }]) {
    assert.equal(await codeFor({ ...jamfClaims, aud }, options), "audience_mismatch", JSON.stringify(aud));
  }
});

test("a token for an audience is refused by a gate that has none", async () => {
  for (const aud of ["files", [], null]) assert.equal(await codeFor({ ...jamfClaims, aud }), "audience_mismatch");
});

test("exp is required", async () => {
  assert.equal(await codeFor({ sub: "AppManifest", iss: "JSS" }), "expiry_missing");
});

test("exp must be a finite number above zero and no larger than 2^53", async () => {
  const texts = ["null", "true", '"9999999999"', "[9999999999]", "{}", "0", "-1", "-0", "1e999", "9007199254740994"];
  for (const text of texts) {
    assert.equal(await codeFor(`{"sub":"AppManifest","iss":"JSS","exp":${text}}`), "claim_malformed", text);
  }
});

test("a token is accepted until its expiry plus the clock skew, and not a moment longer", async () => {
  const at = (exp: number, options = {}) => codeFor({ ...jamfClaims, exp }, options);
  assert.equal(await at(testTime - 59), "allowed");
  assert.equal(await at(testTime - 59.5), "allowed");
  assert.equal(await at(testTime - 60), "token_expired");
  assert.equal(await at(testTime + 1, { clockSkew: 0 }), "allowed");
  assert.equal(await at(testTime, { clockSkew: 0 }), "token_expired");
  assert.equal(await at(testTime - 299, { clockSkew: 300 }), "allowed");
  assert.equal(await at(1), "token_expired");
});

test("an expiry further ahead than the longest lifetime is refused", async () => {
  const at = (exp: number, options = {}) => codeFor({ ...jamfClaims, exp }, options);
  assert.equal(await at(testTime + 7260), "allowed");
  assert.equal(await at(testTime + 7261), "expiry_too_far");
  assert.equal(await at(2 ** 53), "expiry_too_far");
  assert.equal(await at(testTime + 365 * 86_400), "expiry_too_far");
  assert.equal(await at(testTime + 600, { maxLifetime: 539 }), "expiry_too_far");
  assert.equal(await at(testTime + 600, { maxLifetime: 540 }), "allowed");
});

test("nbf and iat are checked if present", async () => {
  for (const name of ["nbf", "iat"]) {
    assert.equal(await codeFor({ ...jamfClaims, [name]: testTime }), "allowed");
    assert.equal(await codeFor({ ...jamfClaims, [name]: 0 }), "allowed");
    assert.equal(await codeFor({ ...jamfClaims, [name]: testTime + 60 }), "allowed");
    assert.equal(await codeFor({ ...jamfClaims, [name]: testTime + 61 }), "token_not_yet_valid");
    for (const value of ["1", null, [1], true, -1, {}, 2 ** 54]) {
      assert.equal(await codeFor({ ...jamfClaims, [name]: value }), "claim_malformed", `${name} ${value}`);
    }
  }
});

test("a wrong purpose is reported before a wrong time", async () => {
  assert.equal(await codeFor({ ...jamfClaims, iss: "x", sub: "y", exp: 1 }), "issuer_mismatch");
  assert.equal(await codeFor({ ...jamfClaims, sub: "y", exp: 1 }), "subject_mismatch");
});

test("other claims are ignored", async () => {
  assert.equal(await codeFor({ ...jamfClaims, jti: "1", admin: true, constructor: {}, hasOwnProperty: 1 }), "allowed");
});

test("claims can be validated without a key and without a signature, with the gate's own result", () => {
  const policy = { ...gateDefaults, audience: undefined };
  assert.deepEqual(validateClaims(jamfClaims, policy, testTime), { exp: jamfClaims.exp });
  assert.deepEqual(validateClaims({ ...jamfClaims, sub: "x" }, policy, testTime), { refusal: "subject_mismatch" });
  assert.deepEqual(validateClaims({}, policy, testTime), { refusal: "issuer_mismatch" });
  assert.deepEqual(validateClaims(jamfClaims, policy, jamfClaims.exp + 60), { refusal: "token_expired" });
});
