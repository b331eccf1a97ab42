import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, redactToken, refusalCodes, removeToken } from "@portcullis/core";
import fc from "fast-check";
import { importJWK, jwtVerify } from "jose";
import { stopwatch } from "../support/assert-linear.ts";
import { jamfClaims, segment, signatureOf, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

const key = await webSigningKey();
const gate = createGate({ keys: key.publicPem, now: () => testTime, cacheSize: 0 });
const goodToken = await webSignToken(key);
const joseKey = await importJWK({ ...key.publicJwk, alg: "RS256" });

async function codeFor(token: string): Promise<string> {
  const decision = await gate.check(`/a?token=${token}`);
  return decision.allowed ? "allowed" : decision.code;
}

async function joseAccepts(token: string): Promise<boolean> {
  const policy = {
    algorithms: ["RS256"],
    issuer: "JSS",
    subject: "AppManifest",
    requiredClaims: ["exp"],
    clockTolerance: 60,
  };
  try {
    await jwtVerify(token, joseKey, { ...policy, currentDate: new Date(testTime * 1000) });
    return true;
  } catch {
    return false;
  }
}

test("any URL gives a decision with a known code, immediately", async () => {
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.base64String({ maxLength: 8192 }));
  const part = fc.oneof(text, fc.constantFrom(...goodToken.split("."), "token=", "&", ".", "%", "#", "?"));
  const url = fc.array(part, { maxLength: 12 }).map((parts) => `/a?token=${parts.join("")}`);
  await fc.assert(
    fc.asyncProperty(url, async (target) => {
      const elapsed = stopwatch();
      const decision = await gate.check(target);
      assert.ok(decision.allowed || refusalCodes.includes(decision.code));
      assert.ok(elapsed() < 1_000_000);
    }),
    { numRuns: 2000 },
  );
});

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    "RS256",
    "JWT",
    "JSS",
    "AppManifest",
    testTime,
    testTime + 600,
    1e300,
    -1,
    0,
    null,
    true,
    [],
    {},
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
const claimNames = ["iss", "sub", "exp", "nbf", "iat", "aud", "jti", "__proto__", "constructor", "toString"];
const headerNames = ["alg", "typ", "kid", "crit", "b64", "zip", "enc", "jwk", "jku", "__proto__", "cty"];
const changes = (names: string[]) => fc.array(fc.tuple(fc.constantFrom(...names), odd), { maxLength: 3 });

/** JSON text of an object with some members replaced, `__proto__` among them. */
function jsonWith(base: object, replaced: [string, unknown][]): string {
  const members = new Map<string, unknown>([...Object.entries(base), ...replaced]);
  return `{${[...members].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
}

test("the gate never accepts a signed token that jose refuses, and never refuses an ordinary valid one", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(changes(headerNames), changes(claimNames), async (inHeader, inClaims) => {
      const header = jsonWith({ alg: "RS256" }, inHeader);
      const claims = jsonWith(jamfClaims, inClaims);
      const token = await webSignToken(key, claims, header);
      const code = await codeFor(token);
      if (code === "allowed") {
        accepted += 1;
        assert.ok(await joseAccepts(token), `${header} ${claims}`);
      }
      if (inHeader.length + inClaims.length === 0) assert.equal(code, "allowed");
    }),
    { numRuns: 500, examples: [[[], []]] },
  );
  assert.ok(accepted > 0);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

test("the gate never accepts a variant of a valid token that jose refuses", async () => {
  const edit = fc.tuple(fc.nat(goodToken.length), fc.nat(3), fc.string({ unit: "binary-ascii", maxLength: 3 }));
  await fc.assert(
    fc.asyncProperty(edit, async ([at, cut, insert]) => {
      const token = goodToken.slice(0, at) + insert + goodToken.slice(at + cut);
      if ((await codeFor(encodeURIComponent(token))) === "allowed") assert.equal(token, goodToken);
    }),
    { numRuns: 2000 },
  );
});

test("a deeply nested payload is malformed, even with a valid signature", async () => {
  const depth = 1200;
  const signingInput = `${segment({ alg: "RS256" })}.${segment(`{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`)}`;
  assert.ok(signingInput.length < 4096);
  assert.equal(await codeFor(`${signingInput}.${await signatureOf(key, signingInput)}`), "token_malformed");
});

test("no 8 KiB of input takes longer than 5 ms to check, to redact and to strip", async () => {
  const parts = [
    "A",
    ".",
    "&",
    "%",
    "token=",
    "&token=A",
    "%74oken=",
    "=",
    "+",
    "#",
    "?",
    "\u0130",
    "eyJ",
    "eyJ.",
    ".",
    goodToken,
    "%25",
    "%65yJ%252e",
    `${"A".repeat(341)}%`,
  ];
  for (const part of parts) {
    for (const target of [
      part.repeat(Math.ceil(8192 / part.length)),
      `/a?token=${part.repeat(Math.ceil(8192 / part.length))}`,
    ]) {
      // The shortest of many rounds: a busy machine interrupts some of them, but slow code is slow in all.
      let least = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 200 && least >= 5; round += 1) {
        const started = performance.now();
        await gate.check(target);
        redactToken(target);
        removeToken(target);
        least = Math.min(least, performance.now() - started);
      }
      assert.ok(least < 5, `${part}: ${least} ms`);
    }
  }
});
