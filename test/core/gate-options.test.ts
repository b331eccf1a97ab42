import assert from "node:assert/strict";
import { test } from "node:test";
import { configurationError, createGate, type GateOptions, gateDefaults, isConfigurationError } from "@portcullis/core";
import { readGateOptions } from "../../packages/core/src/gate-options.ts";
import { jamfClaims, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

const { publicPem: keys } = await webSigningKey();

function problem(options: unknown): string {
  try {
    createGate(options as GateOptions);
  } catch (error) {
    assert.ok(isConfigurationError(error), String(error));
    assert.equal(error.code, "ERR_PORTCULLIS_CONFIGURATION");
    assert.ok(error.message.startsWith(`${error.option}: `));
    return error.message;
  }
  return assert.fail(`accepted: ${JSON.stringify(options)}`);
}

test("times must be finite numbers within their bounds", () => {
  for (const clockSkew of [-1, 301, Number.NaN, Number.POSITIVE_INFINITY, "60", null, true]) {
    assert.equal(problem({ keys, clockSkew }), "clockSkew: must be a number of seconds from 0 to 300");
  }
  for (const maxLifetime of [0, -1, 31 * 86_400 + 1, Number.NaN, Number.POSITIVE_INFINITY, "1h", null]) {
    assert.equal(problem({ keys, maxLifetime }), "maxLifetime: must be a number of seconds from 1 to 2678400");
  }
  for (const cacheSize of [-1, 1e6 + 1, Number.NaN, "10"]) {
    assert.equal(problem({ keys, cacheSize }), "cacheSize: must be a number of tokens from 0 to 1000000");
  }
  createGate({ keys, clockSkew: 0, maxLifetime: 1, cacheSize: 0 });
  createGate({ keys, clockSkew: 300, maxLifetime: 31 * 86_400, cacheSize: 1e6 });
});

test("names must be strings that are not empty", () => {
  for (const name of ["issuer", "subject", "audience"]) {
    for (const value of ["", null, 1, /JSS/, ["JSS"]]) {
      assert.equal(problem({ keys, [name]: value }), `${name}: must be a non-empty string`);
    }
  }
});

test("a token parameter must be a plain name", () => {
  for (const tokenParameter of ["", "a b", "a=b", "a&b", "%74", "t[]", "tök", "a+b", ["token"], 5, null]) {
    assert.equal(problem({ keys, tokenParameter }), "tokenParameter: must be letters, digits, and _ . ~ - only");
  }
  for (const tokenParameter of ["t", "access_token", "a.b", "a~b", "a-b-9"]) {
    assert.equal(createGate({ keys, tokenParameter }).tokenParameter, tokenParameter);
  }
});

test("a clock in milliseconds, or none at all, is refused", () => {
  for (const now of [Date.now, () => Number.NaN, () => "soon", () => String(Date.now() / 1000), () => 5n, 5, null]) {
    assert.equal(problem({ keys, now }), "now: must be a function that returns seconds (not milliseconds) since 1970");
  }
  createGate({ keys, now: () => 0 });
});

test("an unknown option is refused, and the known ones are named", () => {
  for (const name of ["clockskew", "secret", "algorithms", "toString", "constructor"]) {
    assert.match(
      problem({ keys, [name]: 1 }),
      new RegExp(`^${name}: unknown option. Use one of keys, issuer, .*, now\\.$`),
    );
  }
  assert.match(problem(JSON.parse('{"keys":"x","__proto__":1}')), /^(__proto__|keys): /);
});

test("a missing options object is refused", () => {
  for (const options of [undefined, null, {}, { keys: undefined }]) {
    assert.equal(problem(options), "keys: must be the public half of the key that signs the tokens");
  }
});

test("an option that is undefined counts as absent", () => {
  createGate({
    keys,
    issuer: undefined,
    subject: undefined,
    audience: undefined,
    clockSkew: undefined,
    now: undefined,
  });
});

test("only our own errors are configuration errors", () => {
  for (const error of [undefined, null, new TypeError("x"), "text"]) assert.equal(isConfigurationError(error), false);
});

test("the caller's options are not changed", () => {
  const options = Object.freeze({ keys: Object.freeze([keys]), clockSkew: 5 });
  createGate(options);
});

test("an option is read once: a getter cannot show the validation one value and the gate another", async () => {
  const key = await webSigningKey();
  let reads = 0;
  const options = {
    keys: key.publicPem,
    now: () => testTime,
    get clockSkew() {
      reads += 1;
      return reads === 1 ? 0 : 1e9;
    },
  };
  const gate = createGate(options);
  const decision = await gate.check(`?token=${await webSignToken(key, { ...jamfClaims, exp: testTime - 1 })}`);
  assert.equal(!decision.allowed && decision.code, "token_expired");
  assert.equal(reads, 1);
});

test("the defaults are Jamf Pro's policy", () => {
  const { now, ...settings } = readGateOptions({ keys });
  assert.deepEqual(settings, { keys, ...gateDefaults });
  assert.deepEqual(gateDefaults, {
    issuer: "JSS",
    subject: "AppManifest",
    clockSkew: 60,
    maxLifetime: 7200,
    tokenParameter: "token",
    cacheSize: 10_000,
  });
  assert.ok(Math.abs(now() - Date.now() / 1000) < 60);
});

test("an error has its parts as members, and its message is composed of them", () => {
  const withRemedy = configurationError("keys", "it is damaged", "Export it again.");
  assert.deepEqual(
    [withRemedy.code, withRemedy.option, withRemedy.problem, withRemedy.remedy, withRemedy.message],
    [
      "ERR_PORTCULLIS_CONFIGURATION",
      "keys",
      "it is damaged",
      "Export it again.",
      "keys: it is damaged. Export it again.",
    ],
  );
  const without = configurationError("clockSkew", "must be a number");
  assert.deepEqual([without.remedy, without.message], [undefined, "clockSkew: must be a number"]);
});
