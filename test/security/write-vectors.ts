import { writeFileSync } from "node:fs";
import { gateDefaults } from "@portcullis/core";
import { webSigningKey } from "../support/web-signing-key.ts";
import { now, policies } from "./attack-case.ts";
import { attackCorpus } from "./attack-corpus.ts";
import { keyAttacks } from "./key-attacks.ts";

// Run by `npm run vectors [-- FILE]`: the attack corpus with a new key, as docs/attack-vectors.md describes it.
const file = process.argv[2] ?? "attack-vectors.json";
const key = await webSigningKey();
const { issuer, subject, clockSkew, maxLifetime, tokenParameter } = gateDefaults;
const defaults = { issuer, subject, clockSkew, maxLifetime, tokenParameter };
const cases = await attackCorpus(key);
const keys = await keyAttacks(key);
const vectors = {
  now,
  publicKey: { pem: key.publicPem, jwk: key.publicJwk },
  policies: Object.fromEntries(Object.entries(policies).map(([name, policy]) => [name, { ...defaults, ...policy }])),
  cases: cases.map(({ isOddTarget = false, ...one }) => ({ ...one, isOddTarget })),
  keys,
};
writeFileSync(file, `${JSON.stringify(vectors, undefined, 2)}\n`);
console.log(`Wrote ${cases.length} requests and ${keys.length} keys to ${file}.`);
