import { createPublicKey } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { PublicKeySource } from "@portcullis/core";
import { readSmallFile } from "../system/read-small-file.ts";
import { shellQuote } from "../terminal/shell-quote.ts";
import { decodeKeyFile } from "./decode-key-file.ts";
import { fetchJwkSet } from "./jwk-set-url.ts";
import { normalizePem } from "./normalize-pem.ts";

/** What a key file or URL held. */
export interface LoadedKey {
  readonly key: PublicKeySource;
  /** What the administrator should know, such as that a private key lies where a public one belongs. */
  readonly warnings: readonly string[];
}

/** Whether a `--key` is the address of a JWK Set and not the name of a file. */
export function isKeyUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/** Reads one `--key`; rejects with a sentence that names the source and never shows its content. */
export async function loadKey(source: string): Promise<LoadedKey> {
  if (isKeyUrl(source)) return { key: await fetchJwkSet(source), warnings: [] };
  const text = decodeKeyFile(await readKeyFile(source));
  const { mode } = await stat(source);
  const publicHalf = readPublicHalf(text, source);
  const key = publicHalf ?? text;
  const warnings: string[] = [];
  if (publicHalf !== undefined) {
    warnings.push(
      `${source} is a PRIVATE key: whoever reads it can open every download. Only its public half is used here; take the private key off this server. Make the public file with: portcullis pubkey ${shellQuote(source)} > public.pem`,
    );
    if (mode & 0o004)
      warnings.push(`${source} can be read by every user of this computer: chmod 600 ${shellQuote(source)}`);
  }
  if (mode & 0o002) {
    warnings.push(
      `${source} can be changed by every user of this computer, who could put in a key of their own: chmod 644 ${shellQuote(source)}`,
    );
  }
  return { key, warnings };
}

async function readKeyFile(name: string): Promise<Buffer> {
  try {
    return await readSmallFile(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EISDIR") throw error;
    throw new Error(`${name} is a folder; name the public key's file in it, such as ${join(name, "public.pem")}`);
  }
}

/** The public half of a private key, as PEM; `undefined` if the text is no private key. */
export function readPublicHalf(text: string, source: string): string | undefined {
  const isPem = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text);
  const jwk = isPem ? undefined : readPrivateJwk(text);
  if (!isPem && jwk === undefined) return undefined;
  try {
    const key =
      jwk === undefined
        ? createPublicKey(normalizePem(text, /PRIVATE KEY$/) ?? text)
        : createPublicKey({ key: jwk, format: "jwk" });
    return key.export({ type: "spki", format: "pem" }).toString();
  } catch {
    throw new Error(`${source} is ${unreadablePrivateKey(text, shellQuote(source))}`);
  }
}

function unreadablePrivateKey(text: string, file: string): string {
  if (/BEGIN OPENSSH/.test(text)) {
    return `a private key in OpenSSH's own format; make its public half: ssh-keygen -f ${file} -e -m PKCS8 > public.pem`;
  }
  if (/ENCRYPTED/.test(text)) {
    return `an encrypted private key; make its public half: openssl pkey -in ${file} -pubout -out public.pem`;
  }
  return "a damaged private key; copy it again, whole and unchanged";
}

function readPrivateJwk(text: string): JsonWebKeyInput | undefined {
  if (!/^[\s\uFEFF]*\{/.test(text)) return undefined;
  try {
    const jwk = JSON.parse(text.replace(/^\uFEFF/, "")) as JsonWebKeyInput;
    return jwk.kty === "RSA" && "d" in jwk ? jwk : undefined;
  } catch {
    return undefined; // the gate says what is wrong with it
  }
}

type JsonWebKeyInput = { readonly kty?: string } & Record<string, unknown>;
