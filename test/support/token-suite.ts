import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { jamfClaims, type SigningKey, segment, signingKey, signToken, testTime } from "./signing-key.ts";

/** One URL to check, and what is odd about it. */
export interface SuiteEntry {
  readonly name: string;
  readonly url: string;
}

const jamfHeader = { alg: "RS256" };

/** The path of a path-bound token, and others that come close. */
const boundPaths = [
  ...[
    "/f/a",
    "/f/a/",
    "/F/a",
    "/f/ab",
    "/f/a%2e",
    "/f/%61",
    "/f%2fa",
    "/f/a%3f",
    "//f/a",
    "/f//a",
    "/f/./a",
    "/g/../f/a",
  ],
  ...["/f/%2e/a", "/f\\a", "/f/a;v", "/"],
];

/**
 * URLs of every kind that a gate meets, for comparing two gates that should agree: tokens of the
 * trusted key, sound and unsound, tokens of nobody, and queries written in every way. To be checked
 * at {@link testTime}.
 */
export function tokenSuite(key: SigningKey): SuiteEntry[] {
  const good = signToken(key);
  const tokens = {
    ...claimTokens(key),
    ...headerTokens(key),
    ...forgedTokens(key),
    ...badlyWritten(good),
  };
  const entries = Object.entries(tokens).map(([name, token]) => ({
    name,
    url: `/a.ipa?token=${token}`,
  }));
  const bound = signToken(key, { ...jamfClaims, aud: "/f/a" });
  for (const path of boundPaths) entries.push({ name: `bound to /f/a, at ${path}`, url: `${path}?token=${bound}` });
  for (const [name, url] of Object.entries(urls(good))) entries.push({ name, url });
  for (const [position, token] of oneCharacterChanges(good)) {
    entries.push({ name: `character ${position} changed`, url: `/a.ipa?token=${token}` });
  }
  return entries;
}

function claimTokens(key: SigningKey): Record<string, string> {
  const claims: Record<string, unknown> = {};
  const times = [-7261, -61, -60, -59, -1, 0, 1, 600, 7199, 7200, 7259, 7260, 7261, 1e9];
  for (const offset of times) claims[`exp ${offset} s from now`] = { ...jamfClaims, exp: testTime + offset };
  const odd = ["9999999999", [9999999999], null, true, {}, 0, -1, 2 ** 53 + 2, 1503324314.5];
  for (const exp of odd) claims[`exp ${JSON.stringify(exp)}`] = { ...jamfClaims, exp };
  for (const name of ["nbf", "iat"]) {
    for (const value of [testTime, testTime + 60, testTime + 61, "1", null, 0, -1]) {
      claims[`${name} ${JSON.stringify(value)}`] = { ...jamfClaims, [name]: value };
    }
  }
  for (const name of ["iss", "sub", "exp"]) claims[`no ${name}`] = { ...jamfClaims, [name]: undefined };
  for (const value of ["jss", "JSS ", "", ["JSS"], null, 1, "JS\u0405"]) {
    claims[`iss ${JSON.stringify(value)}`] = { ...jamfClaims, iss: value };
  }
  for (const value of ["appmanifest", "AppManifest2", ["AppManifest"], "JamfSetup"]) {
    claims[`sub ${JSON.stringify(value)}`] = { ...jamfClaims, sub: value };
  }
  for (const aud of ["downloads", ["downloads", "x"], [], "", 1]) {
    claims[`aud ${JSON.stringify(aud)}`] = { ...jamfClaims, aud };
  }
  const text = JSON.stringify(jamfClaims);
  const written: Record<string, unknown> = {
    "exp 1e999": text.replace(/"exp":\d+/, '"exp":1e999'),
    "exp twice": text.replace("}", ',"exp":1}'),
    "exp with a leading zero": text.replace(/"exp":/, '"exp":0'),
    "a number with a leading zero in a list": text.replace("}", ',"x":["0",-01]}'),
    "a number without a digit before its point": text.replace("}", ',"x":.5}'),
    "a number without a digit behind its point": text.replace("}", ',"x":[1.]}'),
    "a number with an empty fraction and an exponent": text.replace("}", ',"x":1.e5}'),
    "a negative number without a digit before its point": text.replace("}", ',"x":-.5}'),
    "what looks like bad numbers in a string": text.replace("}", ',"x":"\\"01,.5,1.e5,-01,\\\\"}'),
    "numbers of every form": text.replace("}", ',"x":[0,-0,0.5,-0.05,10,1e5,1E-05,1.25e+01,100,0e0]}'),
    "__proto__ as a member": text.replace("}", ',"__proto__":{"polluted":1}}'),
    "spaces between the members": JSON.stringify(jamfClaims, undefined, 2),
    "a byte order mark": `\uFEFF${text}`,
    "an array": [jamfClaims],
    "a string": '"JSS"',
    null: "null",
    "nothing but braces": {},
    "not JSON": text.slice(0, -1),
    "other alphabets": { ...jamfClaims, name: "Gr\u00fc\u00dfe \u4f60\u597d \u{1F34E}" },
  };
  return signAll(key, { ...claims, ...written });
}

function headerTokens(key: SigningKey): Record<string, string> {
  const headers: unknown[] = [
    "none",
    "None",
    "HS256",
    "ES256",
    "PS256",
    "RS512",
    "rs256",
    "constructor",
    1,
    null,
    ["RS256"],
  ];
  const odd = headers.map((alg) => ({ alg }));
  const more: object[] = [
    { typ: "JWT" },
    { typ: "jwt" },
    { typ: "at+jwt" },
    { typ: null },
    { typ: 1 },
    { kid: "any" },
    { kid: 1 },
    { kid: null },
    { crit: ["exp"] },
    { crit: [] },
    { crit: null },
    { b64: true },
    { b64: false },
    { zip: "DEF" },
    { enc: "A128GCM" },
    { jwk: {} },
    { jku: "https://attacker.example/keys" },
    { x5c: ["MII"] },
    { unknown: 1 },
  ];
  const all = [...odd, ...more.map((extra) => ({ ...jamfHeader, ...extra })), {}, [], "null", "{", { ALG: "RS256" }];
  return Object.fromEntries(
    all.map((header) => [`header ${JSON.stringify(header)}`, signToken(key, jamfClaims, header)]),
  );
}

/** Right claims, and a signature that is not the trusted key's. */
function forgedTokens(key: SigningKey): Record<string, string> {
  const input = `${segment(jamfHeader)}.${segment(jamfClaims)}`;
  const hmacInput = `${segment({ alg: "HS256" })}.${segment(jamfClaims)}`;
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const signatures: Record<string, Buffer> = {
    "all zero": Buffer.alloc(256),
    "all ones": Buffer.alloc(256, 255),
    one: Buffer.alloc(256).fill(1, 255),
    "one byte short": Buffer.alloc(255, 1),
    "one byte long": Buffer.alloc(257, 1),
    "one byte": Buffer.alloc(1, 1),
    "by SHA-1": sign("sha1", Buffer.from(input), key.privateKey),
    "by SHA-512": sign("sha512", Buffer.from(input), key.privateKey),
    "by an EC key": sign("sha256", Buffer.from(input), ec),
  };
  const forged: Record<string, string> = {
    "another key's": signToken(signingKey()),
    "a larger key's": signToken(signingKey(3072)),
    "HMAC by the public key": `${hmacInput}.${createHmac("sha256", key.publicPem).update(hmacInput).digest("base64url")}`,
  };
  for (const [name, signature] of Object.entries(signatures)) {
    forged[`a signature that is ${name}`] = `${input}.${signature.toString("base64url")}`;
  }
  return forged;
}

function badlyWritten(good: string): Record<string, string> {
  const [header, payload, signature] = good.split(".") as [string, string, string];
  return {
    "a good token": good,
    "no signature": `${header}.${payload}.`,
    "two segments": `${header}.${payload}`,
    "four segments": `${good}.${signature}`,
    "five segments": `${good}.${header}.${payload}`,
    "empty payload": `${header}..${signature}`,
    "only dots": "..",
    padding: `${good}=`,
    "encoded padding": `${good}%3D%3D`,
    "other base64 alphabet": good.replace(/-/g, "%2B").replace(/_/g, "/"),
    "a space inside": `${good.slice(0, 40)}+${good.slice(40)}`,
    "a line break behind": `${good}%0A`,
    "a NUL behind": `${good}%00`,
    "stray trailing bits": `${header}.${payload}.${signature.slice(0, -1)}B`,
    "a character beyond ASCII": `${good.slice(0, -1)}%C4%B0`,
    "a broken escape": `${good}%`,
    "escaped, all of it": [...good].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join(""),
    "escaped dots": good.replaceAll(".", "%2e"),
    quoted: `%22${good}%22`,
    "with a scheme": `Bearer%20${good}`,
    "4097 characters": "a".repeat(4097),
    "4096 characters": "a".repeat(4096),
    "JSON serialisation": encodeURIComponent(JSON.stringify({ protected: header, payload, signature })),
    "Jamf's documented example":
      "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJBcHBNYW5pZmVzdCIsImlzcyI6IkpTUyIsImV4cCI6MTUwMzMyNDMxNH0.SeoxBY0EaCf4KV3UOyDMmu",
  };
}

function urls(good: string): Record<string, string> {
  return {
    "no query": "/a.ipa",
    "an empty query": "/a.ipa?",
    "an empty token": "/a.ipa?token=",
    "a token without equals sign": "/a.ipa?token",
    "twice the same": `/a.ipa?token=${good}&token=${good}`,
    "twice, one escaped": `/a.ipa?token=${good}&%74oken=${good}`,
    "an escaped name": `/a.ipa?%74%6F%6b%65%6E=${good}`,
    "twice, one empty": `/a.ipa?token=${good}&token`,
    "in capitals": `/a.ipa?TOKEN=${good}`,
    "in capitals and not": `/a.ipa?TOKEN=x&token=${good}`,
    "after other parameters": `/a.ipa?x=1&y=%zz&token=${good}&z`,
    "behind a semicolon": `/a.ipa?x=1;token=${good}`,
    "a semicolon behind": `/a.ipa?token=${good};x=1`,
    "as a matrix parameter": `/a.ipa;token=${good}`,
    "in the fragment": `/a.ipa#?token=${good}`,
    "a fragment behind": `/a.ipa?token=${good}#token=x`,
    "in the path": `/token=${good}`,
    "two question marks": `/a.ipa??token=${good}`,
    "a question mark in between": `/a.ipa?x=?token=${good}`,
    "empty parts": `/a.ipa?&&token=${good}&&`,
    "a bracket": `/a.ipa?token[]=${good}`,
    "a plus before": `/a.ipa?+token=${good}`,
    "a longer name": `/a.ipa?token2=${good}&tokens=x`,
  };
}

/** Every 11th character changed, so that each segment and each bit of a sextet has its turn. */
function* oneCharacterChanges(good: string): Generator<[number, string]> {
  for (let position = 0; position < good.length; position += 11) {
    const other = good[position] === "A" ? "Q" : "A";
    yield [position, good.slice(0, position) + other + good.slice(position + 1)];
  }
}

function signAll(key: SigningKey, claims: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(claims).map(([name, content]) => [name, signToken(key, content)]));
}
