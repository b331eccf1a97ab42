import { importKeys, isConfigurationError } from "@portcullis/core";
import type { NamedKeys } from "../../packages/cli/src/gate/named-keys.ts";
import { decodeText } from "../../packages/cli/src/system/decode-text.ts";
import { decodeBase64url } from "../../packages/cli/src/token/decode-base64url.ts";

/** Why a key cannot be used: a sentence, and what to do. */
export class KeyProblem extends Error {}

/** The longest key file that is read, in bytes; a JWK Set of a hundred keys is smaller. */
const longestKey = 64 * 1024;

/** Reads a key file: PEM, a certificate (binary too), a JWK or a JWK Set; UTF-8 or UTF-16. */
export async function readKeyFile(file: File): Promise<string> {
  if (file.size > longestKey) throw new KeyProblem(`${file.name} is too large for a key. Choose public.pem.`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  return isDer(bytes) ? pemOf(bytes) : decodeText(bytes);
}

/** Imports a pasted key; rejects with a `KeyProblem`. */
export async function importPastedKey(text: string, source: string): Promise<NamedKeys> {
  if (looksPrivate(text)) {
    throw new KeyProblem(
      "This is a PRIVATE key, and the field was cleared. It was not sent anywhere, but anyone who has it can download every file: it belongs in Jamf Pro and nowhere else. Use its public half: portcullis pubkey key.pem > public.pem",
    );
  }
  try {
    return { source, keys: await importKeys(asKeySource(text)), warnings: [] };
  } catch (error) {
    if (!isConfigurationError(error)) throw error;
    const { problem, remedy = "" } = error;
    throw new KeyProblem(`The key: ${problem}. ${remedy}`.trimEnd());
  }
}

/**
 * Whether a text is a private key: PEM, a JWK with a private part (RFC 7518 section 6.3.2), or DER in base64, where PKCS#1,
 * PKCS#8 and PKCS#12 begin with a version and no public key does.
 */
export function looksPrivate(text: string): boolean {
  const [tag, length = 0, ...rest] = decodeBase64url(text.replace(/-----[A-Z ]*-----|\s/g, "").slice(0, 16));
  const [integer, integerLength] = length > 0x80 ? rest.slice(length - 0x80) : rest;
  const startsWithVersion = tag === 0x30 && integer === 0x02 && integerLength === 1;
  return startsWithVersion || text.includes("PRIVATE KEY") || /["']d["']\s*:\s*["']/.test(text);
}

/** Core takes PEM or JSON. People also paste the body of a PEM block without its first and last line; it gets them here. */
function asKeySource(text: string): string {
  const body = text.replace(/\s/g, "");
  return /^MII[\w+/-]{100,}=*$/.test(body) ? `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----` : text;
}

/** Whether DER begins with a sequence of 128 bytes or more. */
function isDer([tag, length = 0]: Uint8Array): boolean {
  return tag === 0x30 && length >= 0x80;
}

/** Core distinguishes a public key from a certificate by the content, and refuses a private key. */
function pemOf(bytes: Uint8Array): string {
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return `-----BEGIN PUBLIC KEY-----\n${base64.replace(/.{64}/g, "$&\n").trimEnd()}\n-----END PUBLIC KEY-----\n`;
}
