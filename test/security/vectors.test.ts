import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createGate, type GateOptions, isConfigurationError } from "@portcullis/core";
import { importSPKI, jwtVerify } from "jose";
import { temporaryFolder } from "../support/temporary-folder.ts";
import type { AttackCase } from "./attack-case.ts";
import type { KeyCase } from "./key-attacks.ts";

interface Vectors {
  readonly now: number;
  readonly publicKey: { readonly pem: string; readonly jwk: object };
  readonly policies: Readonly<Record<AttackCase["policy"], { issuer: string; subject: string } & Partial<GateOptions>>>;
  readonly cases: readonly AttackCase[];
  readonly keys: readonly KeyCase[];
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const file = join(temporaryFolder(), "vectors.json");
const printed = execFileSync("npm", ["run", "--silent", "vectors", "--", file], { cwd: root, encoding: "utf8" });
const text = readFileSync(file, "utf8");
const vectors: Vectors = JSON.parse(text);

test("npm run vectors writes all that another implementation needs: key, time, policies, requests and keys", async () => {
  assert.equal(printed, `Wrote ${vectors.cases.length} requests and ${vectors.keys.length} keys to ${file}.\n`);
  assert.ok(!/PRIVATE/.test(text));
  const wrong: string[] = [];
  for (const { name, policy, target, expected, reason } of vectors.cases) {
    assert.ok(reason.length > 10, name);
    const gate = createGate({ keys: vectors.publicKey.pem, now: () => vectors.now, ...vectors.policies[policy] });
    const decision = await gate.check(target);
    const verdict = decision.allowed ? "allowed" : decision.code;
    if (verdict !== expected) wrong.push(`${name}: ${verdict}, not ${expected}`);
  }
  for (const { name, key, expected, reason } of vectors.keys) {
    assert.ok(reason.length > 10, name);
    let verdict = "accepted";
    try {
      createGate({ keys: key });
    } catch (error) {
      assert.ok(isConfigurationError(error), name);
      verdict = "refused";
    }
    if (verdict !== expected) wrong.push(`${name}: ${verdict}, not ${expected}`);
  }
  assert.deepEqual(wrong, []);
});

/** Rules that Portcullis has in addition to those of jose 6, each with the reasons of the cases that jose accepts. */
const stricterThanJose: Readonly<Record<string, RegExp>> = {
  "exactly one token": /two are refused/,
  "no padding and no white space in base64url": /base64url without padding/,
  "no spare bits in base64url": /bits that are left over/,
  "no byte order mark in a header": /the header is one JSON object/,
  "no byte order mark in a payload": /the payload is one JSON object/,
  "no nesting beyond 16 levels": /deep nesting/,
  "no crit at all": /an extension that is not understood/,
  "no b64": /with b64 false/,
  "no zip and no enc": /zip and enc/,
  "no type but JWT": /a token of another type/,
  "a kid is text": /a kid is compared/,
  "an expiry is at most 7200 s ahead": /the longest lifetime/,
  "a time is a number from 0 to 2^53": /numbers that JavaScript cannot represent/,
  "an iat is not in the future": /a start in the future/,
  "no audience that is not expected": /a token for an audience/,
};

test("what jose refuses is refused, and what only Portcullis refuses falls under a rule", async () => {
  const key = await importSPKI(vectors.publicKey.pem, "RS256");
  const withoutRule: string[] = [];
  const used = new Set<string>();
  for (const { name, policy, target, expected, reason } of vectors.cases) {
    if (policy === "pathBound" || !URL.canParse(target, "https://files.example")) continue;
    const [token = ""] = new URL(target, "https://files.example").searchParams.getAll("token");
    const { issuer, subject, audience } = vectors.policies[policy];
    const joseAccepts = await jwtVerify(token, key, {
      ...{ issuer, subject, algorithms: ["RS256"], requiredClaims: ["exp"], clockTolerance: 60 },
      ...(audience !== undefined && { audience }),
      currentDate: new Date(vectors.now * 1000),
    }).then(
      () => true,
      () => false,
    );
    if (expected === "allowed") assert.ok(joseAccepts, name);
    else if (joseAccepts) {
      const rule = Object.keys(stricterThanJose).find((rule) => stricterThanJose[rule]?.test(reason));
      if (rule === undefined) withoutRule.push(name);
      else used.add(rule);
    }
  }
  assert.deepEqual(withoutRule, []);
  assert.deepEqual(
    Object.keys(stricterThanJose).filter((rule) => !used.has(rule)),
    [],
  );
});
