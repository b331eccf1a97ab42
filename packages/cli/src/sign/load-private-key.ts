import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { createIssuer } from "@portcullis/issuer";
import { failure } from "../command-line/command-error.ts";
import { decodeText } from "../command-line/decode-text.ts";
import { plainPem } from "../keys/plain-pem.ts";

/** A private key file and what opens it, as the issuer takes them. */
export interface PrivateKeyText {
  readonly encryptionKey: string;
  readonly passphrase?: string;
}

/** Reads a private key file, and the first line of the passphrase's. */
export function readPrivateKeyText(file: string, passphraseFile: string | undefined): PrivateKeyText {
  const encryptionKey = read(file);
  if (passphraseFile === undefined) return { encryptionKey };
  return { encryptionKey, passphrase: read(passphraseFile).split(/\r?\n/)[0] ?? "" };
}

/** Runs what takes the key; a key that it cannot use is the user's to mend, and named by its file. */
export function withPrivateKey<Result>(file: string, use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    throw failure(`${file}: ${(error as Error).message.replace(/^(encryptionKey|passphrase): /, "")}`);
  }
}

/** Loads a private key that signs whatever it is given; the issuer judges it first. */
export function loadPrivateKey(file: string, passphraseFile: string | undefined): KeyObject {
  const text = readPrivateKeyText(file, passphraseFile);
  return withPrivateKey(file, () => {
    createIssuer({ displayName: "portcullis", tokenExpiry: 5, ...text });
    const key = plainPem(text.encryptionKey, /PRIVATE KEY$/) ?? text.encryptionKey;
    return createPrivateKey(text.passphrase === undefined ? key : { key, passphrase: text.passphrase });
  });
}

function read(path: string): string {
  try {
    return decodeText(readFileSync(path));
  } catch (error) {
    throw failure(`${path} cannot be read: ${(error as Error).message}`);
  }
}
