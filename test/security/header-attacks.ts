import {
  jamfClaims,
  segment,
  signatureOf,
  type WebSigningKey,
  webSigningKey,
  webSignToken,
} from "../support/web-signing-key.ts";
import { type AttackCase, type Verdict, withToken } from "./attack-case.ts";

type Row = readonly [name: string, header: unknown, expected: Verdict];

/** Tokens that the trusted key has signed, with a header that requests something else. */
export async function headerAttacks(key: WebSigningKey): Promise<AttackCase[]> {
  const cases: AttackCase[] = [];
  for (const [reason, rows] of Object.entries(rowsByReason)) {
    for (const [name, header, expected] of rows) {
      const target = withToken(await webSignToken(key, jamfClaims, header));
      cases.push({ name: `header: ${name}`, reason, policy: "jamf", target, expected });
    }
  }
  for (const [name, header] of Object.entries(await headersWithKeys())) {
    const input = `${segment(header.content)}.${segment(jamfClaims)}`;
    const target = withToken(`${input}.${await signatureOf(header.key, input)}`);
    const reason = "CVE-2018-0114: a token must not supply the key that verifies it";
    cases.push({ name: `header: ${name}`, reason, policy: "jamf", target, expected: "signature_invalid" });
  }
  return cases;
}

const algorithms = [
  ...["none", "None", "NONE", "nOnE", "", " ", "RS256 ", " RS256", "rs256", "Rs256", "RS256\0", "RS256,none"],
  ...["HS256", "HS384", "HS512", "ES256", "ES256K", "ES384", "ES512", "PS256", "PS384", "PS512", "RS384", "RS512"],
  ...[
    "RS1",
    "EdDSA",
    "Ed25519",
    "RSA-OAEP",
    "dir",
    "A128KW",
    "constructor",
    "toString",
    "__proto__",
    "RSASSA-PKCS1-v1_5",
  ],
  ...["RS\uFF12\uFF15\uFF16"],
];
const otherTypes = [1, 0, null, true, ["RS256"], ["RS256", "none"], { alg: "RS256" }, {}];
const jamf = { alg: "RS256" };
const refused = (names: readonly [string, object][]): Row[] =>
  names.map(([name, more]) => [name, { ...jamf, ...more }, "header_not_supported"]);
const ignored = (names: readonly [string, object][]): Row[] =>
  names.map(([name, more]) => [name, { ...jamf, ...more }, "allowed"]);

const rowsByReason: Record<string, readonly Row[]> = {
  "CVE-2015-9235, CVE-2016-1000223, CVE-2022-29217, CVE-2023-48223, CVE-2026-22817, CVE-2026-34950: the algorithm belongs to the key, not to the token":
    [
      ...algorithms.map((alg): Row => [`alg ${JSON.stringify(alg)}`, { alg }, "algorithm_not_allowed"]),
      ...otherTypes.map((alg): Row => [`alg ${JSON.stringify(alg)}`, { alg }, "algorithm_not_allowed"]),
      ["no alg", {}, "algorithm_not_allowed"],
      ["alg in capitals", { ALG: "RS256" }, "algorithm_not_allowed"],
      ["alg in __proto__", '{"__proto__":{"alg":"RS256"}}', "algorithm_not_allowed"],
      ["alg twice, the last none", '{"alg":"RS256","alg":"none"}', "algorithm_not_allowed"],
      ["alg twice, the first none", '{"alg":"none","alg":"RS256"}', "allowed"],
    ],
  "RFC 7515 section 4: the header is one JSON object": [
    ["an array", [jamf], "token_malformed"],
    ["null", "null", "token_malformed"],
    ["a string", '"RS256"', "token_malformed"],
    ["cut", "{", "token_malformed"],
    ["a byte order mark", `\uFEFF${JSON.stringify(jamf)}`, "token_malformed"],
    ["two objects", '{"alg":"RS256"}{"alg":"RS256"}', "token_malformed"],
    ["spaces", ' { "alg" : "RS256" } ', "allowed"],
    ["Jamf Pro's with a line feed after it", '{"alg":"RS256"}\n', "allowed"],
    ["nested 17 deep", `{"alg":"RS256","x":${"[".repeat(17)}${"]".repeat(17)}}`, "token_malformed"],
  ],
  "RFC 7515 section 4.1.11, CVE-2025-59420, CVE-2026-35042: an extension that is not understood is refused, and so is an empty list of them":
    refused([
      ["crit of exp", { crit: ["exp"] }],
      ["crit of b64", { crit: ["b64"], b64: true }],
      ["crit of alg", { crit: ["alg"] }],
      ["crit empty", { crit: [] }],
      ["crit null", { crit: null }],
      ["crit as text", { crit: "exp" }],
      ["crit false", { crit: false }],
    ]),
  "RFC 7797: with b64 false, the signature is over different bytes than those that were parsed": refused([
    ["b64 false", { b64: false }],
    ["b64 true", { b64: true }],
    ["b64 null", { b64: null }],
  ]),
  "RFC 7516: zip and enc belong to encrypted tokens, and decompression allows bombs (CVE-2024-28176)": refused([
    ["zip", { zip: "DEF" }],
    ["enc", { enc: "A128GCM" }],
    ["zip null", { zip: null }],
  ]),
  "RFC 8725 section 3.11: a token of another type is for another purpose": refused([
    ["typ at+jwt", { typ: "at+jwt" }],
    ["typ dpop+jwt", { typ: "dpop+jwt" }],
    ["typ logout+jwt", { typ: "logout+jwt" }],
    ["typ empty", { typ: "" }],
    ["typ null", { typ: null }],
    ["typ 1", { typ: 1 }],
    ["typ a list", { typ: ["JWT"] }],
    ["typ with a space", { typ: "JWT " }],
  ]),
  "RFC 7519 section 5.1: the type JWT is accepted, in any letter case": ignored([
    ["typ JWT", { typ: "JWT" }],
    ["typ jwt", { typ: "jwt" }],
    ["typ Jwt", { typ: "Jwt" }],
  ]),
  "CVE-2018-0114 and kid injection: a kid is compared and never looked up, in no file, database or address": [
    ...ignored([
      ["kid of no key", { kid: "any" }],
      ["kid as a path", { kid: "../../../../dev/null" }],
      ["kid as SQL", { kid: "' OR 1=1 --" }],
      ["kid as a command", { kid: "|sleep 9" }],
      ["kid as a URL", { kid: "https://attacker.example/key" }],
      ["kid empty", { kid: "" }],
      ["kid __proto__", { kid: "__proto__" }],
    ]),
    ...refused([
      ["kid 1", { kid: 1 }],
      ["kid null", { kid: null }],
      ["kid a list", { kid: ["a"] }],
      ["kid an object", { kid: {} }],
    ]),
  ],
  "RFC 7515 sections 4.1.2 to 4.1.8: keys and addresses in a header are never read": ignored([
    ["jku", { jku: "https://attacker.example/keys" }],
    ["x5u", { x5u: "https://attacker.example/cert" }],
    ["x5c", { x5c: ["MII"] }],
    ["x5t", { x5t: "AAAA" }],
    ["jwk", { jwk: {} }],
    ["jwk null", { jwk: null }],
  ]),
  "RFC 7515 section 4: members that are not understood are ignored": ignored([
    ["an unknown member", { unknown: 1 }],
    ["cty JWT", { cty: "JWT" }],
    ["p2c of a billion", { p2c: 1e9, p2s: "AAAA" }],
    ["epk", { epk: { kty: "EC" } }],
    ["__proto__", JSON.parse('{"__proto__":{"crit":["x"]}}')],
  ]),
};

async function headersWithKeys(): Promise<Record<string, { content: object; key: WebSigningKey }>> {
  const attacker = await webSigningKey();
  const jwk = { ...attacker.publicJwk, alg: "RS256" };
  return {
    "the attacker's key as jwk": { content: { ...jamf, jwk }, key: attacker },
    "the attacker's key as jwk, by its kid": {
      content: { ...jamf, jwk: { ...jwk, kid: "a" }, kid: "a" },
      key: attacker,
    },
    "the attacker's key set as jku": { content: { ...jamf, jku: "https://attacker.example/keys" }, key: attacker },
    "the attacker's key as a data URL": {
      content: { ...jamf, jku: `data:application/json,${encodeURIComponent(JSON.stringify({ keys: [jwk] }))}` },
      key: attacker,
    },
    "the attacker's certificate as x5c": { content: { ...jamf, x5c: [attacker.publicPem] }, key: attacker },
    "the attacker's certificate as x5u": { content: { ...jamf, x5u: "https://attacker.example/cert" }, key: attacker },
  };
}
