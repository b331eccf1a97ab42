import { gateDefaults } from "@portcullis/core";

/** The examples, each with the name of its button. */
export const examples = {
  valid: "A valid link",
  expired: "Expired",
  otherKey: "Signed with another key",
  truncated: "Truncated while copying",
  hidden: "Two question marks",
} as const;

/** The name of an example. */
export type ExampleName = keyof typeof examples;

/** A link and the public key to check it with. */
export interface Example {
  readonly link: string;
  readonly key: string;
}

const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;

let pairs: Promise<readonly [CryptoKeyPair, CryptoKeyPair]> | undefined;

/** Creates an example, with keys that exist only while the page is open; `now` in seconds since 1970. */
export async function makeExample(name: ExampleName, now: number): Promise<Example> {
  pairs ??= Promise.all([generateKeyPair(), generateKeyPair()]);
  const [pair, other] = await pairs;
  const expiry = Math.round(now) + (name === "expired" ? -3 * 60 - 18 : 10 * 60);
  const token = await sign(name === "otherKey" ? other.privateKey : pair.privateKey, expiry);
  const link = `https://files.example/apps/field-notes.ipa?token=${token}`;
  const links: Partial<Record<ExampleName, string>> = {
    truncated: link.slice(0, -20),
    hidden: link.replace("?", "?version=2.4?"),
  };
  return { link: links[name] ?? link, key: await publicPem(pair.publicKey) };
}

function generateKeyPair(): Promise<CryptoKeyPair> {
  const size = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  return crypto.subtle.generateKey({ ...algorithm, ...size }, true, ["sign", "verify"]);
}

async function sign(key: CryptoKey, exp: number): Promise<string> {
  const { issuer, subject } = gateDefaults;
  const parts = [{ alg: "RS256" }, { sub: subject, iss: issuer, exp }].map((part) => btoa(JSON.stringify(part)));
  const input = base64url(parts.join("."));
  const signature = await crypto.subtle.sign(algorithm, key, new TextEncoder().encode(input));
  return `${input}.${base64url(base64(signature))}`;
}

async function publicPem(key: CryptoKey): Promise<string> {
  const body = base64(await crypto.subtle.exportKey("spki", key)).replace(/.{64}/g, "$&\n");
  return `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`;
}

function base64(bytes: ArrayBuffer): string {
  return btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(""));
}

function base64url(text: string): string {
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
