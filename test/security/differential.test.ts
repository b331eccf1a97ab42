import assert from "node:assert/strict";
import { createPublicKey, type KeyObject, sign } from "node:crypto";
import { test } from "node:test";
import { createGate, type RefusalCode } from "@portcullis/core";
import { jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { jamfClaims, signingKey, testTime } from "../support/signing-key.ts";
import { mutate } from "./mutate.ts";
import { createRandom, type Random } from "./random.ts";

/** `PORTCULLIS_DIFFERENTIAL_TOKENS`: how many tokens to compare; 3000 by default, a million takes about half an hour. */
const tokens = Number(process.env.PORTCULLIS_DIFFERENTIAL_TOKENS ?? 3000);
/** `PORTCULLIS_DIFFERENTIAL_SEED`: the first seed, 1 by default; a failure names the seed that repeats it. */
const firstSeed = Number(process.env.PORTCULLIS_DIFFERENTIAL_SEED ?? 1);

const key = signingKey();
const otherKey = signingKey();
const publicKey = createPublicKey(key.publicPem);
const gate = createGate({ keys: key.publicPem, now: () => testTime });
const policy = { issuer: "JSS", subject: "AppManifest" };

/** The result of each library for a token: the claims as JSON, or why it refuses. */
const libraries = {
  async jose(token: string): Promise<{ claims: string } | { refusal: string }> {
    const options = { ...policy, algorithms: ["RS256"], requiredClaims: ["exp"], clockTolerance: 60 };
    return jwtVerify(token, publicKey, {
      ...options,
      currentDate: new Date(testTime * 1000),
    }).then(
      ({ payload }) => ({ claims: JSON.stringify(payload) }),
      (error) => ({ refusal: String(error) }),
    );
  },
  async jsonwebtoken(token: string): Promise<{ claims: string } | { refusal: string }> {
    try {
      const options = { ...policy, algorithms: ["RS256" as const], clockTolerance: 60, clockTimestamp: testTime };
      return { claims: JSON.stringify(jsonwebtoken.verify(token, publicKey, options)) };
    } catch (error) {
      return { refusal: String(error) };
    }
  },
};
type Library = keyof typeof libraries;

/** A token, and what a lenient parser finds in it, which only the rules use. */
interface Reading {
  readonly token: string;
  readonly segments: readonly string[];
  readonly texts: readonly Buffer[];
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A rule that Portcullis has in addition to those of the libraries: its refusal code, and the tokens that break it. */
interface Rule {
  readonly code: RefusalCode;
  /** The libraries without the rule. */
  readonly beyond: readonly Library[];
  breaks(reading: Reading): boolean;
}

const both: readonly Library[] = ["jose", "jsonwebtoken"];
const isTime = (value: unknown): boolean => typeof value === "number" && value >= 0 && value <= 2 ** 53;

const rules: Readonly<Record<string, Rule>> = {
  "a token has at most 4096 characters": {
    code: "token_too_long",
    beyond: both,
    breaks: ({ token }) => token.length > 4096,
  },
  "base64url has one spelling: no padding, no spare bits, no other characters": {
    code: "token_malformed",
    beyond: both,
    breaks: ({ segments }) =>
      segments.some((text) => text !== Buffer.from(text, "base64url").toString("base64url") || text === ""),
  },
  "text is UTF-8 without a byte order mark": {
    code: "token_malformed",
    beyond: both,
    breaks: ({ texts }) =>
      texts.some((text) => !Buffer.from(text.toString("utf8")).equals(text) || text.toString("utf8")[0] === "\uFEFF"),
  },
  "JSON has at most 16 levels in its object": {
    code: "token_malformed",
    beyond: both,
    breaks: ({ header, claims }) => depthOf(header) > 17 || depthOf(claims) > 17,
  },
  "nothing in a header is ignored: no crit, b64, zip or enc": {
    code: "header_not_supported",
    beyond: both,
    breaks: ({ header }) => ["crit", "b64", "zip", "enc"].some((name) => name in header),
  },
  "the type is JWT": {
    code: "header_not_supported",
    beyond: both,
    breaks: ({ header }) => "typ" in header && String(header.typ).toUpperCase() !== "JWT",
  },
  "a type is text": {
    code: "header_not_supported",
    beyond: both,
    breaks: ({ header }) => "typ" in header && typeof header.typ !== "string",
  },
  "a kid is text": {
    code: "header_not_supported",
    beyond: both,
    breaks: ({ header }) => "kid" in header && typeof header.kid !== "string",
  },
  "a token expires": {
    code: "expiry_missing",
    beyond: ["jsonwebtoken"],
    breaks: ({ claims }) => claims.exp === undefined,
  },
  "a time is a number from 0 to 2^53": {
    code: "claim_malformed",
    beyond: both,
    breaks: ({ claims }) => ["exp", "nbf", "iat"].some((name) => name in claims && !isTime(claims[name])),
  },
  "the expiry is at most 7200 s ahead": {
    code: "expiry_too_far",
    beyond: both,
    breaks: ({ claims }) => Number(claims.exp) > testTime + 7260,
  },
  "a token is not issued in the future": {
    code: "token_not_yet_valid",
    beyond: both,
    breaks: ({ claims }) => Number(claims.iat) > testTime + 60,
  },
  "a token for an audience is for that audience": {
    code: "audience_mismatch",
    beyond: both,
    breaks: ({ claims }) => "aud" in claims,
  },
};

test("no mutated token is accepted that jose or jsonwebtoken refuses, and what only Portcullis refuses breaks a rule", async () => {
  const counts: Record<string, number> = { accepted: 0, "refused by all": 0 };
  for (let seed = firstSeed; seed < firstSeed + tokens; seed += 1) {
    const token = mutatedToken(createRandom(seed));
    const decision = await gate.check(`/a.ipa?token=${encodeURIComponent(token)}`);
    const problem = (text: string): string => `PORTCULLIS_DIFFERENTIAL_SEED=${seed}: ${text}\ntoken: ${token}`;
    const broken = new Set<string>();
    for (const [library, verify] of Object.entries(libraries)) {
      const verdict = await verify(token);
      if (decision.allowed) {
        const ours = { claims: JSON.stringify(decision.claims) };
        assert.deepEqual(verdict, ours, problem(`accepted, unlike by ${library}`));
      } else if ("claims" in verdict) {
        const reading = read(token);
        const found = Object.entries(rules).filter(
          ([, { code, beyond, breaks }]) =>
            code === decision.code && beyond.includes(library as Library) && breaks(reading),
        );
        assert.ok(found.length > 0, problem(`refused without a rule (${decision.code}), and accepted by ${library}`));
        for (const [rule] of found) broken.add(rule);
      }
    }
    const outcomes = decision.allowed ? ["accepted"] : broken.size > 0 ? broken : ["refused by all"];
    for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  console.log(`${tokens} tokens from seed ${firstSeed}`);
  for (const [outcome, count] of Object.entries(counts)) console.log(`  ${count} ${outcome}`);
  if (firstSeed === 1 && tokens >= 3000) {
    for (const outcome of ["accepted", "refused by all", ...Object.keys(rules)])
      assert.ok((counts[outcome] ?? 0) > 0, `no token was ${outcome}`);
  }
});

const values: readonly unknown[] = [
  ...["JSS", "AppManifest", "RS256", "JWT", "jwt", "HS256", "none", "", "a", ["JSS"], ["RS256"], {}, [], null, true],
  ...[deep(15), deep(16), deep(17), deep(18), "x".repeat(4000)],
];
const times: readonly unknown[] = [
  ...[0, -1, 1, 0.5, 1e300, 2 ** 53, 2 ** 53 + 2, String(testTime), [testTime], null, testTime, testTime + 0.5],
  ...[-61, -60, -59, -1, 1, 59, 60, 61, 7199, 7200, 7259, 7260, 7261, 1e6].map((seconds) => testTime + seconds),
];
const headerNames = ["alg", "typ", "kid", "crit", "b64", "zip", "enc", "jwk", "jku", "x5c", "cty", "__proto__"];
const claimNames = ["iss", "sub", "exp", "nbf", "iat", "aud", "jti", "__proto__", "constructor", "toJSON", "valueOf"];

/** A token with changed members, JSON, spelling, bytes or signature; most are signed again. */
function mutatedToken(random: Random): string {
  let header: Buffer = Buffer.from(jsonOf({ alg: "RS256" }, headerNames, random));
  let claims: Buffer = Buffer.from(jsonOf(jamfClaims, claimNames, random));
  if (random.once(20)) header = mutate(random, header);
  if (random.once(10)) claims = mutate(random, claims);
  if (random.once(50)) claims = random.pick([marked, unreadable])(claims);
  if (random.once(50)) header = random.pick([marked, unreadable])(header);
  let input = `${spelled(header, random)}.${spelled(claims, random)}`;
  if (random.once(50)) input = mutate(random, Buffer.from(input)).toString("latin1");
  const token = `${input}.${spelled(signature(input, random), random)}`;
  return random.once(10) ? mutate(random, Buffer.from(token)).toString("latin1") : token;
}

/** JSON of an object with some members replaced, added, left out or duplicated. */
function jsonOf(base: object, names: readonly string[], random: Random): string {
  const members = Object.entries(base).filter(() => !random.once(60));
  for (let changes = random.pick([0, 0, 1, 1, 2, 3]); changes > 0; changes -= 1) {
    const name = random.pick(names);
    const value = random.pick(["exp", "nbf", "iat"].includes(name) ? times : values);
    const at = members.findIndex(([known]) => known === name);
    members.splice(at < 0 || random.once(4) ? random.below(members.length + 1) : at, random.once(4) ? 0 : 1, [
      name,
      value,
    ]);
  }
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
}

/** Bytes in base64url, sometimes in a spelling that only lenient decoders accept. */
function spelled(bytes: Buffer, random: Random): string {
  const text = bytes.toString("base64url");
  if (!random.once(25)) return text;
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(text.at(-1) ?? "A");
  return random.pick([
    bytes.toString("base64"),
    `${text}=`,
    `${text}==`,
    `${text} `,
    `\n${text}`,
    `${text}A`,
    `${text.slice(0, -1)}${alphabet[last ^ 1]}`,
    `${text.slice(0, -1)}${alphabet[last ^ 2]}`,
    `${text.slice(0, 5)}\u0130${text.slice(5)}`,
  ]);
}

/** JSON with a byte order mark in front. */
const marked = (text: Buffer): Buffer => Buffer.concat([Buffer.from("\uFEFF"), text]);
/** JSON with another member, whose name is not UTF-8. */
const unreadable = (text: Buffer): Buffer =>
  Buffer.concat([Buffer.from('{"'), Buffer.of(0xff), Buffer.from('":1,'), text.subarray(1)]);

function signature(input: string, random: Random): Buffer {
  const by = (signer: KeyObject, hash: string, text: string): Buffer => sign(hash, Buffer.from(text, "latin1"), signer);
  if (!random.once(15)) return by(key.privateKey, "sha256", input);
  return random.pick([
    () => by(otherKey.privateKey, "sha256", input),
    () => by(key.privateKey, "sha512", input),
    () => by(key.privateKey, "sha256", `${input}.`),
    () => Buffer.concat([Buffer.of(0), by(key.privateKey, "sha256", input)]),
    () => by(key.privateKey, "sha256", input).subarray(1),
    () => Buffer.alloc(256),
    () => Buffer.alloc(0),
  ])();
}

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 1; level < levels; level += 1) value = level % 2 ? [value] : { a: value };
  return value;
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function read(token: string): Reading {
  const segments = token.split(".");
  const texts = segments.slice(0, 2).map((segment) => Buffer.from(segment, "base64url"));
  const [header = {}, claims = {}] = texts.map(objectIn);
  return { token, segments, texts, header, claims };
}

function objectIn(text: Buffer): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text.toString("utf8").replace(/^\uFEFF/, "")));
  } catch {
    return {};
  }
}
