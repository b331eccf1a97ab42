import {
  base64url,
  jamfClaims,
  segment,
  signatureOf,
  type WebSigningKey,
  webSigningKey,
  webSignToken,
} from "../support/web-signing-key.ts";
import { type AttackCase, type Verdict, withToken } from "./attack-case.ts";
import { fromBase64url, type RsaNumbers, rsaNumbers, toBytes, toNumber } from "./rsa-numbers.ts";

const header = segment({ alg: "RS256" });
const input = `${header}.${segment(jamfClaims)}`;
const utf8 = new TextEncoder();

/** Valid headers and claims, with signatures that are not by the trusted key, or not PKCS#1 v1.5 over these bytes. */
export async function signatureAttacks(key: WebSigningKey): Promise<AttackCase[]> {
  const numbers = await rsaNumbers(key);
  const cases: AttackCase[] = [];
  const add = (reason: string, tokens: Record<string, string>, expected: Verdict = "signature_invalid"): void => {
    for (const [name, token] of Object.entries(tokens)) {
      cases.push({ name: `signature: ${name}`, reason, policy: "jamf", target: withToken(token), expected });
    }
  };
  const ofSignatures = (signatures: Record<string, Uint8Array>): Record<string, string> =>
    Object.fromEntries(Object.entries(signatures).map(([name, bytes]) => [name, `${input}.${base64url(bytes)}`]));

  add("only a trusted key's signature counts", await foreignTokens(key));
  add(
    "the algorithm belongs to the key: no other signature of the same key counts",
    ofSignatures(await otherAlgorithms(key)),
  );
  add(
    "CVE-2015-9235, CVE-2017-11424: the public key, in any form, is not a shared secret",
    await hmacTokens(key, "HS256"),
    "algorithm_not_allowed",
  );
  add("the same, under the name of the right algorithm", await hmacTokens(key, "RS256"));
  add(
    "RFC 8017 section 8.2.2: a signature has the length of the modulus and represents a number below it",
    ofSignatures(otherNumbers(numbers)),
  );
  add("RFC 8017 section 8.2.2: a number that is equal modulo the modulus is a different signature", {
    "the signature and the modulus added": await signatureAboveModulus(key, numbers),
  });
  add("RFC 8017 section 5.2.2: the negated number is a different signature", {
    "the modulus less the signature": await oppositeSignature(key, numbers),
  });
  add("a leading zero of a signature is part of it", { "without its leading zero": await withoutLeadingZero(key) });
  add(
    "RFC 8017 section 9.2: only one padding is right",
    ofSignatures({ "padded by hand, as it should be": numbers.sign(await paddedBlock(numbers.length)) }),
    "allowed",
  );
  add(
    "CVE-2006-4339 and its successors (CVE-2016-1494, CVE-2022-24771, CVE-2020-14967): the whole padded block is compared",
    ofSignatures(await badPaddings(numbers)),
  );
  add("the signature is over exactly the bytes that were sent", await signaturesOfOtherText(key));
  return cases;
}

async function foreignTokens(key: WebSigningKey): Promise<Record<string, string>> {
  const other = await webSigningKey();
  const token = await webSignToken(key);
  const [, , signature] = (await webSignToken(key, { ...jamfClaims, exp: jamfClaims.exp + 1 })).split(".");
  return {
    "another key's": await webSignToken(other),
    "a larger key's": await webSignToken(await webSigningKey(3072)),
    "of the same key, over other claims": `${input}.${signature}`,
    "of the same key, over the payload alone": `${input}.${await signatureOf(key, token.split(".")[1] ?? "")}`,
    "another key's, with the trusted key's kid": await webSignToken(other, jamfClaims, {
      alg: "RS256",
      kid: "trusted",
    }),
  };
}

async function otherAlgorithms(key: WebSigningKey): Promise<Record<string, Uint8Array>> {
  const jwk = await crypto.subtle.exportKey("jwk", key.privateKey);
  const signWith = async (parameters: RsaHashedImportParams, saltLength?: number): Promise<Uint8Array> => {
    const { alg: _, key_ops: __, ...numbers } = jwk;
    const other = await crypto.subtle.importKey("jwk", numbers, parameters, false, ["sign"]);
    const how = saltLength === undefined ? parameters.name : { name: parameters.name, saltLength };
    return new Uint8Array(await crypto.subtle.sign(how, other, utf8.encode(input)));
  };
  const curve = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const { privateKey } = await crypto.subtle.generateKey(curve, false, ["sign"]);
  return {
    "with SHA-1": await signWith({ name: "RSASSA-PKCS1-v1_5", hash: "SHA-1" }),
    "with SHA-384": await signWith({ name: "RSASSA-PKCS1-v1_5", hash: "SHA-384" }),
    "with SHA-512": await signWith({ name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" }),
    "with PSS": await signWith({ name: "RSA-PSS", hash: "SHA-256" }, 32),
    "with PSS without salt": await signWith({ name: "RSA-PSS", hash: "SHA-256" }, 0),
    "with an EC key": new Uint8Array(await crypto.subtle.sign(curve, privateKey, utf8.encode(input))),
  };
}

async function hmacTokens(key: WebSigningKey, alg: string): Promise<Record<string, string>> {
  const der = new Uint8Array(await crypto.subtle.exportKey("spki", key.publicKey));
  const secrets: Record<string, Uint8Array> = {
    PEM: utf8.encode(key.publicPem),
    "PEM without its line feed": utf8.encode(key.publicPem.trimEnd()),
    "PEM with CRLF": utf8.encode(key.publicPem.replaceAll("\n", "\r\n")),
    "the base64 of PEM": utf8.encode(key.publicPem.split("\n").slice(1, -2).join("")),
    DER: der,
    JWK: utf8.encode(JSON.stringify(key.publicJwk)),
    "the modulus": fromBase64url(key.publicJwk.n),
    "the modulus in base64url": utf8.encode(key.publicJwk.n),
    "one zero byte": Uint8Array.of(0),
  };
  const signingInput = `${segment({ alg })}.${segment(jamfClaims)}`;
  const tokens: Record<string, string> = {};
  for (const [form, secret] of Object.entries(secrets)) {
    const hmac = { name: "HMAC", hash: "SHA-256" };
    const imported = await crypto.subtle.importKey("raw", Uint8Array.from(secret), hmac, false, ["sign"]);
    const tag = await crypto.subtle.sign(hmac, imported, utf8.encode(signingInput));
    tokens[`HMAC by ${form}, alg ${alg}`] = `${signingInput}.${base64url(new Uint8Array(tag))}`;
  }
  return tokens;
}

function otherNumbers({ modulus, length }: RsaNumbers): Record<string, Uint8Array> {
  return {
    zero: new Uint8Array(length),
    one: toBytes(1n, length),
    two: toBytes(2n, length),
    "the modulus less one": toBytes(modulus - 1n, length),
    "the modulus": toBytes(modulus, length),
    "all ones": new Uint8Array(length).fill(255),
    "one byte": Uint8Array.of(1),
    "one byte too short": new Uint8Array(length - 1).fill(1),
    "one byte too long": new Uint8Array(length + 1).fill(1),
    "half as long": new Uint8Array(length / 2).fill(1),
    "twice as long": new Uint8Array(2 * length).fill(1),
  };
}

/** A token whose signature still has the length of the modulus when the modulus is added to it. */
async function signatureAboveModulus(key: WebSigningKey, { modulus, length }: RsaNumbers): Promise<string> {
  for (let jti = 0; ; jti += 1) {
    const [header, payload, signature = ""] = (await webSignToken(key, { ...jamfClaims, jti })).split(".");
    const sum = toNumber(fromBase64url(signature)) + modulus;
    if (sum < 1n << BigInt(8 * length)) return `${header}.${payload}.${base64url(toBytes(sum, length))}`;
  }
}

async function oppositeSignature(key: WebSigningKey, { modulus, length }: RsaNumbers): Promise<string> {
  const [header, payload, signature = ""] = (await webSignToken(key)).split(".");
  return `${header}.${payload}.${base64url(toBytes(modulus - toNumber(fromBase64url(signature)), length))}`;
}

async function withoutLeadingZero(key: WebSigningKey): Promise<string> {
  for (let jti = 0; ; jti += 1) {
    const [header, payload, signature = ""] = (await webSignToken(key, { ...jamfClaims, jti })).split(".");
    const bytes = fromBase64url(signature);
    if (bytes[0] === 0) return `${header}.${payload}.${base64url(bytes.subarray(1))}`;
  }
}

/** The DigestInfo of SHA-256 without its digest (RFC 8017 section 9.2, note 1), and similar ones. */
const prefix = "3031300d060960864801650304020105000420";
const otherPrefixes: Record<string, string> = {
  "no DigestInfo": "",
  "no parameters": "302f300b0609608648016503040201" + "0420",
  "a length in its long form": "308131300d060960864801650304020105000420",
  "the digest's length in its long form": "3032300d06096086480165030402010500048120",
  "the identifier of SHA-1": "3029300906052b0e03021a05000420",
  "the identifier of SHA-224": "3031300d060960864801650304020405000420",
  "the identifier of SHA-384": "3031300d060960864801650304020205000420",
  "the identifier of SHA-512": "3031300d060960864801650304020305000420",
  "the identifier of SHA3-256": "3031300d060960864801650304020805000420",
  "the identifier of MD5": "302c300806082a864886f70d020505000420",
  "parameters that are not NULL": "3033300f06096086480165030402010202" + "000004" + "20",
  "the digest in a BIT STRING": "3031300d060960864801650304020105000320",
  "a SET instead of the outer sequence": "3131300d060960864801650304020105000420",
  "a digest in a constructed string": "3033300d0609608648016503040201050024220420",
  "a length that begins with zero": "30820031300d060960864801650304020105000420",
  "the algorithm's length in its long form": "303230810d060960864801650304020105000420",
  "the identifier's length in its long form": "3032300e06810960864801650304020105000420",
  "the parameters' length in its long form": "3032300e06096086480165030402010581000420",
  "parameters twice": "3033300f0609608648016503040201050005000420",
  "no algorithm": "30220420",
};

async function paddedBlock(
  length: number,
  { start = prefix, end = "", text = input, hasDigest = true } = {},
): Promise<Uint8Array> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", utf8.encode(text)));
  const rest = [...bytesOf(start), ...(hasDigest ? digest : []), ...bytesOf(end)];
  return Uint8Array.of(0, 1, ...new Uint8Array(length - rest.length - 3).fill(255), 0, ...rest);
}

async function badPaddings({ length, sign }: RsaNumbers): Promise<Record<string, Uint8Array>> {
  const right = await paddedBlock(length);
  const changed = (position: number, value: number): Uint8Array => right.with(position, value);
  const separator = right.indexOf(0, 2);
  const blocks: Record<string, Uint8Array> = {
    "block type 0": changed(1, 0),
    "block type 2": changed(1, 2),
    "a first byte that is not 0": changed(0, 1),
    "its first padding byte 0": changed(2, 0),
    "a padding byte 0 in the middle": changed(separator >> 1, 0),
    "a padding byte 254": changed(separator >> 1, 254),
    "its last padding byte 254": changed(separator - 1, 254),
    "no separator": changed(separator, 255),
    "a separator of 1": changed(separator, 1),
    "its last digest byte changed": changed(length - 1, (right.at(-1) ?? 0) ^ 1),
    "its first digest byte changed": changed(length - 32, (right.at(-32) ?? 0) ^ 1),
    "a digest of other text": await paddedBlock(length, { text: `${input} ` }),
    "a digest of nothing": await paddedBlock(length, { text: "" }),
    "a byte after the digest": await paddedBlock(length, { end: "00" }),
    "an element after the digest": await paddedBlock(length, { start: `3033${prefix.slice(4)}`, end: "0500" }),
    "an indefinite length": await paddedBlock(length, { start: `3080${prefix.slice(4)}`, end: "0000" }),
    "an algorithm and no digest": await paddedBlock(length, { start: `300f${prefix.slice(4, -4)}`, hasDigest: false }),
    "an empty digest": await paddedBlock(length, { start: `3011${prefix.slice(4, -2)}00`, hasDigest: false }),
    "one byte of padding too few": Uint8Array.of(0, ...right.subarray(0, 2), ...right.subarray(3)),
    "eight bytes of padding, and zeros in front": Uint8Array.of(
      ...new Uint8Array(separator - 10),
      ...right.subarray(0, 2),
      ...right.subarray(separator - 8),
    ),
    "no padding, and zeros after the digest": Uint8Array.of(0, 1, ...right.subarray(separator)).reduce(
      (block, byte, index) => block.with(index, byte),
      new Uint8Array(length),
    ),
    "eight bytes of padding and garbage after the digest": await garbageAfter(length),
    "eight bytes of padding and garbage in the parameters": await garbageInParameters(length),
    "random padding instead of 255": right.map((byte, index) =>
      index > 1 && index < separator ? (index % 254) + 1 : byte,
    ),
    "its digest alone, in front": Uint8Array.from([...right.subarray(-32), ...right.subarray(0, -32)].with(0, 0)),
  };
  for (const [name, start] of Object.entries(otherPrefixes)) blocks[name] = await paddedBlock(length, { start });
  return Object.fromEntries(Object.entries(blocks).map(([name, block]) => [`padded with ${name}`, sign(block)]));
}

/** Bleichenbacher's forgery of 2006: a cube root that a verifier accepts if it does not check what follows the digest. */
async function garbageAfter(length: number): Promise<Uint8Array> {
  const right = await paddedBlock(length);
  const short = Uint8Array.of(0, 1, ...new Uint8Array(8).fill(255), 0, ...right.subarray(-51));
  return Uint8Array.of(...short, ...new Uint8Array(length - short.length).fill(7));
}

async function garbageInParameters(length: number): Promise<Uint8Array> {
  const digest = (await paddedBlock(length)).subarray(-32);
  const room = length - 11 - 34 - 4 - 4 - 11 - 4;
  const identifier = bytesOf("0609608648016503040201");
  const octets = (count: number): number[] => [0x82, count >> 8, count & 255];
  const parameters = [0x04, ...octets(room), ...new Uint8Array(room).fill(7)];
  const algorithm = [0x30, ...octets(identifier.length + parameters.length), ...identifier, ...parameters];
  const info = [0x30, ...octets(algorithm.length + 34), ...algorithm, 0x04, 32, ...digest];
  return Uint8Array.of(0, 1, ...new Uint8Array(length - info.length - 3).fill(255), 0, ...info);
}

async function signaturesOfOtherText(key: WebSigningKey): Promise<Record<string, string>> {
  const payload = segment(jamfClaims);
  const signed = async (text: string): Promise<string> => `${input}.${await signatureOf(key, text)}`;
  return {
    "over the decoded text": await signed(`{"alg":"RS256"}.${JSON.stringify(jamfClaims)}`),
    "over the parts without their dot": await signed(header + payload),
    "over the parts in reverse": await signed(`${payload}.${header}`),
    "over an additional dot": await signed(`${input}.`),
    "over the token with padding": await signed(`${header}=.${payload}=`),
  };
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
}
