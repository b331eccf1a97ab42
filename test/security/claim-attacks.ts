import { jamfClaims, type WebSigningKey, webSignToken } from "../support/web-signing-key.ts";
import { type AttackCase, now, type PolicyName, type Verdict, withToken } from "./attack-case.ts";

type Row = readonly [name: string, claims: unknown, expected: Verdict, policy?: PolicyName];

/** Tokens that the trusted key has signed, with claims that are wrong, or that look wrong but are right. */
export async function claimAttacks(key: WebSigningKey): Promise<AttackCase[]> {
  const cases: AttackCase[] = [];
  for (const [reason, rows] of Object.entries(rowsByReason)) {
    for (const [name, claims, expected, policy = "jamf"] of rows) {
      const target = withToken(await webSignToken(key, claims));
      cases.push({ name: `claims: ${name}`, reason, policy, target, expected });
    }
  }
  return cases;
}

const text = JSON.stringify(jamfClaims);
const exp = (value: unknown): object => ({ ...jamfClaims, exp: value });
const also = (more: object): object => ({ ...jamfClaims, ...more });
/** The text of the claims with more members at its end. */
const ending = (members: string): string => text.replace(/\}$/, `,${members}}`);
const nested = (depth: number): string => ending(`"x":${"[".repeat(depth)}${"]".repeat(depth)}`);

function timeRows(): Row[] {
  const verdicts: [number, Verdict][] = [
    [-1e9, "token_expired"],
    [-7261, "token_expired"],
    [-61, "token_expired"],
    [-60, "token_expired"],
    [-59, "allowed"],
    [-1, "allowed"],
    [0, "allowed"],
    [0.5, "allowed"],
    [1, "allowed"],
    [7199, "allowed"],
    [7200, "allowed"],
    [7260, "allowed"],
    [7261, "expiry_too_far"],
    [1e9, "expiry_too_far"],
  ];
  return verdicts.map(([offset, verdict]) => [`exp ${offset} s from now`, exp(now + offset), verdict]);
}

function startRows(): Row[] {
  return (["nbf", "iat"] as const).flatMap((name) => {
    const rows: [unknown, Verdict][] = [
      [0, "allowed"],
      [now, "allowed"],
      [now + 60, "allowed"],
      [now + 61, "token_not_yet_valid"],
      [now + 1e9, "token_not_yet_valid"],
      [String(now), "claim_malformed"],
      [null, "claim_malformed"],
      [-1, "claim_malformed"],
      [[now], "claim_malformed"],
      [{}, "claim_malformed"],
      [true, "claim_malformed"],
    ];
    return rows.map(([value, verdict]): Row => [`${name} ${JSON.stringify(value)}`, also({ [name]: value }), verdict]);
  });
}

const wrongIssuers = ["jss", "JSS ", " JSS", "JSS\0", "JSS2", "JS", "", "JS\u0405", "\uFF2A\uFF33\uFF33", "^.*$"];
const wrongTypes = [["JSS"], { 0: "JSS" }, null, 1, true, false];
const wrongSubjects = ["appmanifest", "AppManifest2", "AppManifest ", "App\u200BManifest", "JamfSetup", "", "*"];
const wrongAudiences = ["downloads", "", "JSS", ["downloads"], [], [null], null, 0, false, {}];

const rowsByReason: Record<string, readonly Row[]> = {
  "a valid token, as Jamf Pro makes it": [["as Jamf Pro makes them", jamfClaims, "allowed"]],
  "RFC 7519 section 4.1.4: an expiry counts to the second; the clock skew is 60 s and the longest lifetime 7200 s":
    timeRows(),
  "CVE-2026-25537, CVE-2026-107721: a token without an expiry lives forever": [
    ["no exp", also({ exp: undefined }), "expiry_missing"],
    ["exp in capitals", { iss: "JSS", sub: "AppManifest", EXP: now + 600 }, "expiry_missing"],
    ["exp in __proto__", '{"iss":"JSS","sub":"AppManifest","__proto__":{"exp":9999999999}}', "expiry_missing"],
    ["an empty object", {}, "issuer_mismatch"],
  ],
  "JavaScript compares text, lists and objects with numbers: `exp > now` can be true for an exp that is not a number": [
    ["exp as text", exp("9999999999"), "claim_malformed"],
    ["exp as a list", exp([9_999_999_999]), "claim_malformed"],
    ["exp null", exp(null), "claim_malformed"],
    ["exp true", exp(true), "claim_malformed"],
    ["exp an object", exp({ valueOf: 9_999_999_999 }), "claim_malformed"],
    ["exp a date", exp("2099-01-01T00:00:00Z"), "claim_malformed"],
    ["exp 0", exp(0), "claim_malformed"],
    ["exp -1", exp(-1), "claim_malformed"],
  ],
  "JSON allows numbers that JavaScript cannot represent: 1e999 is read as Infinity, a time that never comes": [
    ["exp 1e999", text.replace(/"exp":\d+/, '"exp":1e999'), "claim_malformed"],
    ["exp -1e999", text.replace(/"exp":\d+/, '"exp":-1e999'), "claim_malformed"],
    ["exp 1e300", text.replace(/"exp":\d+/, '"exp":1e300'), "claim_malformed"],
    ["exp 2^53", exp(2 ** 53), "expiry_too_far"],
    ["exp 2^53 + 2", exp(2 ** 53 + 2), "claim_malformed"],
    ["exp with an exponent", text.replace(/"exp":\d+/, '"exp":1.503324914e9'), "allowed"],
    ["nbf 1e999", ending('"nbf":1e999'), "claim_malformed"],
    ["iat 1e999", ending('"iat":1e999'), "claim_malformed"],
    ["nbf -1e999", ending('"nbf":-1e999'), "claim_malformed"],
  ],
  "RFC 7519 sections 4.1.5 and 4.1.6: a start in the future, within the clock skew and beyond it": startRows(),
  "CVE-2025-30144, CVE-2024-53861, CVE-2026-35041: an issuer is one exact string": [
    ["no iss", also({ iss: undefined }), "issuer_mismatch"],
    ...wrongIssuers.map((iss): Row => [`iss ${JSON.stringify(iss)}`, also({ iss }), "issuer_mismatch"]),
    ...wrongTypes.map((iss): Row => [`iss ${JSON.stringify(iss)}`, also({ iss }), "issuer_mismatch"]),
  ],
  "the key might sign tokens for other purposes: a subject is one exact string": [
    ["no sub", also({ sub: undefined }), "subject_mismatch"],
    ...wrongSubjects.map((sub): Row => [`sub ${JSON.stringify(sub)}`, also({ sub }), "subject_mismatch"]),
    ...wrongTypes.map((sub): Row => [`sub ${JSON.stringify(sub)}`, also({ sub }), "subject_mismatch"]),
  ],
  "RFC 7519 section 4.1.3: a token for an audience is refused by every server that it does not name": [
    ...wrongAudiences.map((aud): Row => [`aud ${JSON.stringify(aud)}`, also({ aud }), "audience_mismatch"]),
    ["no aud, where one is expected", jamfClaims, "audience_mismatch", "audience"],
    ["the aud expected", also({ aud: "downloads" }), "allowed", "audience"],
    ["a list with the aud expected", also({ aud: ["x", "downloads"] }), "allowed", "audience"],
    ["an aud with more after it", also({ aud: "downloads2" }), "audience_mismatch", "audience"],
    ["an aud in capitals", also({ aud: "DOWNLOADS" }), "audience_mismatch", "audience"],
    ["a list in a list with the aud", also({ aud: [["downloads"]] }), "audience_mismatch", "audience"],
    ["an object with the aud", also({ aud: { downloads: true } }), "audience_mismatch", "audience"],
    ["an empty list for aud", also({ aud: [] }), "audience_mismatch", "audience"],
  ],
  "RFC 7519 section 4: if a member name is duplicated, the last one wins, in every engine": [
    ["exp twice, the last expired", ending('"exp":1'), "token_expired"],
    ["exp twice, the first expired", text.replace("{", '{"exp":1,'), "allowed"],
    ["iss twice, the last wrong", ending('"iss":"x"'), "issuer_mismatch"],
    ["iss twice, the first wrong", text.replace("{", '{"iss":"x",'), "allowed"],
    ["exp written with an escape", text.replace('"exp"', '"\\u0065xp"'), "allowed"],
    ["exp twice, the last with an escape", ending('"\\u0065xp":1'), "token_expired"],
  ],
  "CVE-2024-34273: a member named __proto__ must be data, and must not change a prototype": [
    ["__proto__ as an object", ending('"__proto__":{"polluted":1}'), "allowed"],
    ["__proto__ null", ending('"__proto__":null'), "allowed"],
    ["constructor", ending('"constructor":{"prototype":{"polluted":1}}'), "allowed"],
    ["toString", ending('"toString":1,"valueOf":1,"hasOwnProperty":1,"toJSON":1'), "allowed"],
    ["everything in __proto__", `{"__proto__":${text}}`, "issuer_mismatch"],
  ],
  "RFC 7519 section 7.2: the payload is one JSON object in UTF-8 (CVE-2026-107723)": [
    ["an array", [jamfClaims], "token_malformed"],
    ["a string", '"JSS"', "token_malformed"],
    ["a number", "1", "token_malformed"],
    ["null", "null", "token_malformed"],
    ["true", "true", "token_malformed"],
    ["truncated before its last brace", text.slice(0, -1), "token_malformed"],
    ["two objects", text + text, "token_malformed"],
    ["an object and a letter", `${text}x`, "token_malformed"],
    ["an object and a NUL", `${text}\0`, "token_malformed"],
    ["a byte order mark in front", `\uFEFF${text}`, "token_malformed"],
    ["a comma at the end", text.replace(/\}$/, ",}"), "token_malformed"],
    ["a comment", text.replace("{", "{/**/"), "token_malformed"],
    ["single quotes", text.replaceAll('"', "'"), "token_malformed"],
    ["names without quotes", text.replace('"exp"', "exp"), "token_malformed"],
    ["NaN", text.replace(/"exp":\d+/, '"exp":NaN'), "token_malformed"],
    ["Infinity", text.replace(/"exp":\d+/, '"exp":Infinity'), "token_malformed"],
    ["undefined", ending('"x":undefined'), "token_malformed"],
    ["a line feed in a string", ending('"x":"\n"'), "token_malformed"],
    ["a tab between members", text.replaceAll(",", ",\t\r\n "), "allowed"],
    ["spaces around", ` ${text}\n`, "allowed"],
    ["a vertical tab around", `\v${text}`, "token_malformed"],
    ["a space that is not JSON's", `\u00A0${text}`, "token_malformed"],
    ["other alphabets", also({ name: "Gr\u00FC\u00DFe \u4F60\u597D \u{1F34E}" }), "allowed"],
    ["a lone surrogate, escaped", ending('"x":"\\uD800"'), "allowed"],
    ["an unknown escape", ending('"x":"\\x41"'), "token_malformed"],
    ["a byte that is not UTF-8", bytesOf(ending('"x":"?"'), 0xff), "token_malformed"],
    ["a lone surrogate, in bytes", bytesOf(ending('"x":"?"'), 0xed, 0xa0, 0x80), "token_malformed"],
    ["an overlong slash", bytesOf(ending('"x":"?"'), 0xc0, 0xaf), "token_malformed"],
    ["a character beyond Unicode", bytesOf(ending('"x":"?"'), 0xf4, 0x90, 0x80, 0x80), "token_malformed"],
    ["UTF-16", utf16(text), "token_malformed"],
  ],
  "RFC 8259 section 6: njs and other engines read numbers that JSON does not have": [
    ["exp with a leading zero", text.replace('"exp":', '"exp":0'), "token_malformed"],
    ["exp with a plus", text.replace('"exp":', '"exp":+'), "token_malformed"],
    ["exp in hexadecimal", text.replace(/"exp":\d+/, '"exp":0x599B3F1A'), "token_malformed"],
    ["exp with a dot at its end", text.replace(/"exp":(\d+)/, '"exp":$1.'), "token_malformed"],
    ["exp with underscores", text.replace(/"exp":(\d)/, '"exp":$1_'), "token_malformed"],
    ["exp as a BigInt", text.replace(/"exp":(\d+)/, '"exp":$1n'), "token_malformed"],
    ["a leading zero in a list", ending('"x":["0",-01]'), "token_malformed"],
    ["no digit before a point", ending('"x":.5'), "token_malformed"],
    ["no digit after a point", ending('"x":[1.]'), "token_malformed"],
    ["an empty fraction and an exponent", ending('"x":1.e5'), "token_malformed"],
    ["a negative number without a digit before its point", ending('"x":-.5'), "token_malformed"],
    ["an exponent without digits", ending('"x":1e'), "token_malformed"],
    ["such numbers in a string", ending('"x":"\\"01,.5,1.e5,-01,\\\\"'), "allowed"],
    ["numbers of every form", ending('"x":[0,-0,0.5,-0.05,10,1e5,1E-05,1.25e+01,100,0e0]'), "allowed"],
  ],
  "CVE-2019-10744 and others: parsers overflow their stack on deep nesting": [
    ["nested 16 deep", nested(16), "allowed"],
    ["nested 17 deep", nested(17), "token_malformed"],
    ["nested 400 deep", nested(400), "token_malformed"],
    ["objects nested 17 deep", ending(`"x":${'{"x":'.repeat(17)}1${"}".repeat(17)}`), "token_malformed"],
  ],
};

/** A text in which a question mark is replaced by these bytes. */
function bytesOf(marked: string, ...bytes: number[]): Uint8Array {
  const [before = "", after = ""] = marked.split("?");
  const utf8 = new TextEncoder();
  return Uint8Array.of(...utf8.encode(before), ...bytes, ...utf8.encode(after));
}

function utf16(ascii: string): Uint8Array {
  return Uint8Array.from([...ascii].flatMap((letter) => [letter.charCodeAt(0), 0]));
}
