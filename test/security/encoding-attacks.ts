import { jamfClaims, segment, signatureOf, type WebSigningKey, webSignToken } from "../support/web-signing-key.ts";
import { type AttackCase, type Verdict, withToken } from "./attack-case.ts";

/** Other spellings of a valid token, and of the bytes in it. */
export async function encodingAttacks(key: WebSigningKey): Promise<AttackCase[]> {
  const good = await webSignToken(key);
  const cases: AttackCase[] = [];
  const add = (reason: string, expected: Verdict, values: Record<string, string>): void => {
    for (const [name, value] of Object.entries(values)) {
      cases.push({ name: `encoding: ${name}`, reason, policy: "jamf", target: withToken(value), expected });
    }
  };
  add("RFC 7515 section 7.1: three segments, none of them empty", "token_malformed", segments(good));
  add(
    "CVE-2022-25898, CVE-2026-102269, RFC 7515 appendix C: base64url without padding, white space or other characters",
    "token_malformed",
    otherCharacters(good),
  );
  add("RFC 4648 section 3.5: bits that are left over are zero", "token_malformed", await strayBits(key, good));
  add("CVE-2022-39227, CVE-2026-29000: no other serialisation of a token", "token_malformed", serialisations(good));
  add("RFC 3986 section 2.1: an escape is the character that it encodes", "allowed", {
    "all of it escaped": escaped(good),
    "escaped in capitals": escaped(good).toUpperCase(),
    "its dots escaped": good.replaceAll(".", "%2e"),
    "its first letter escaped": `%65${good.slice(1)}`,
  });
  add("an escape is decoded once", "token_malformed", {
    "escaped twice": escaped(escaped(good)),
    "its dots escaped twice": good.replaceAll(".", "%252e"),
  });
  add("CVE-2025-27144, CVE-2025-30204: the length is checked before anything is split", "token_too_long", {
    "4097 letters": "a".repeat(4097),
    "4097 dots": ".".repeat(4097),
    "a valid token and 4097 letters": good + "a".repeat(4097),
    "an escaped token of 4097 letters": "%61".repeat(4097),
  });
  add("4096 characters are looked at", "token_malformed", { "4096 letters": "a".repeat(4096) });
  return cases;
}

function segments(good: string): Record<string, string> {
  const [header, payload, signature] = good.split(".") as [string, string, string];
  return {
    "no token": "",
    "one letter": "a",
    "one dot": ".",
    "two dots": "..",
    "no signature": `${header}.${payload}.`,
    "no signature and no dot": `${header}.${payload}`,
    "no payload": `${header}..${signature}`,
    "no header": `.${payload}.${signature}`,
    "only a signature": signature,
    "a dot in front": `.${good}`,
    "a dot after it": `${good}.`,
    "two dots in between": `${header}..${payload}.${signature}`,
    "four segments": `${good}.${signature}`,
    "five segments, as of an encrypted token": `${good}.${header}.${payload}`,
    twice: `${good}.${good}`,
    "alg none and no signature": `${segment({ alg: "none" })}.${payload}.`,
    "its parts in reverse": [signature, payload, header].join("."),
    "truncated by one letter": good.slice(0, -1),
    "truncated by five letters": good.slice(0, -5),
    "truncated in its payload": good.slice(0, 60),
    "a full-width dot": good.replace(".", "%EF%BC%8E"),
    "a comma instead of a dot": good.replace(".", ","),
  };
}

function otherCharacters(good: string): Record<string, string> {
  const [header, payload, signature] = good.split(".") as [string, string, string];
  const at = 40;
  const inside = (text: string): string => good.slice(0, at) + text + good.slice(at);
  return {
    "padding after it": `${good}=`,
    "two padding characters after it": `${good}==`,
    "padding escaped": `${good}%3D%3D`,
    "padding in the header": `${header}=.${payload}.${signature}`,
    "the other alphabet": `${header}.${payload}.${signature.replace(/[-_]/g, "A").replace(/^./, "%2B").replace(/.$/, "/")}`,
    "a plus, which is a space": inside("+"),
    "a space": inside("%20"),
    "a line feed": inside("%0A"),
    "a line feed after it": `${good}%0A`,
    "CRLF after it": `${good}%0D%0A`,
    "a tab": inside("%09"),
    "a NUL": inside("%00"),
    "a NUL after it": `${good}%00`,
    "a letter beyond ASCII that ends in the same byte": `${good.slice(0, -1)}%C4%B0`,
    "a byte that is not UTF-8": inside("%FF"),
    "a soft hyphen": inside("%C2%AD"),
    "a zero-width space": inside("%E2%80%8B"),
    "a broken escape after it": `${good}%`,
    "half an escape after it": `${good}%4`,
    "an invalid escape": `${good}%zz`,
    "a Unicode escape": `%u0065${good.slice(1)}`,
    "quotes around": `%22${good}%22`,
    "brackets around": `%3C${good}%3E`,
    "a scheme in front": `Bearer%20${good}`,
    "a scheme in front, with a plus": `Bearer+${good}`,
    "a comma and another token": `${good},${good}`,
    "a semicolon after it": `${good};x=1`,
    "a slash after it": `${good}/`,
    "a question mark after it": `${good}?`,
    "an equals sign in front": `=${good}`,
    "an asterisk instead of a letter": good.replace("e", "*"),
  };
}

/**
 * Segments whose last character has bits that belong to no byte. Each is signed as it is written, so that only a strict
 * decoder refuses it.
 */
async function strayBits(key: WebSigningKey, good: string): Promise<Record<string, string>> {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const withBit = (text: string): string => text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1) ?? "") + 1];
  const signed = async (input: string): Promise<string> => `${input}.${await signatureOf(key, input)}`;
  const payload = segment(jamfClaims);
  const [ofOne, ofTwo] = [segment('{"alg":"RS256"} '), segment('{"alg":"RS256"}  ')];
  const ofBytes = (rest: number): string => {
    const text = JSON.stringify(jamfClaims);
    return segment(text + " ".repeat((rest + 3 - (text.length % 3)) % 3));
  };
  return {
    "in a header, of 4 bits": await signed(`${withBit(ofOne)}.${payload}`),
    "in a header, of 2 bits": await signed(`${withBit(ofTwo)}.${payload}`),
    "in a payload, of 4 bits": await signed(`${ofOne}.${withBit(ofBytes(1))}`),
    "in a payload, of 2 bits": await signed(`${ofOne}.${withBit(ofBytes(2))}`),
    "in a signature": withBit(good),
    "a length that no bytes have": await signed(
      `${ofOne}A.${payload}`.replace(`${ofOne}A`, `${segment('{"alg":"RS256"}')}A`),
    ),
  };
}

function serialisations(good: string): Record<string, string> {
  const [header, payload, signature] = good.split(".") as [string, string, string];
  const general = { payload, signatures: [{ protected: header, signature }] };
  return {
    "flattened JSON": encodeURIComponent(JSON.stringify({ protected: header, payload, signature })),
    "general JSON": encodeURIComponent(JSON.stringify(general)),
    "a polyglot of both": encodeURIComponent(`{"${header}.${payload}.${signature}":"","protected":"${header}"}`),
    "a JSON string": encodeURIComponent(JSON.stringify(good)),
    "detached payload": `${header}..${signature}`.replace("..", ".%20."),
    PEM: encodeURIComponent(`-----BEGIN JWT-----\n${good}\n-----END JWT-----`),
  };
}

function escaped(text: string): string {
  return Array.from(text, (letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
}
