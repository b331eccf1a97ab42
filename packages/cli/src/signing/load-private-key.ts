import { createPrivateKey, type KeyObject } from "node:crypto";
import { createIssuer } from "@portcullis/issuer";
import { failure } from "../command-line/command-error.ts";
import { decodeKeyFile } from "../gate/decode-key-file.ts";
import { normalizePem } from "../gate/normalize-pem.ts";
import { decodeText } from "../system/decode-text.ts";
import { describeSystemError } from "../system/describe-system-error.ts";
import { readSmallFile } from "../system/read-small-file.ts";

/** A private key file and what opens it, as the issuer takes them. */
export interface PrivateKeyText {
  readonly encryptionKey: string;
  readonly passphrase?: string;
}

/** Reads a private key file, and the first line of the passphrase's. */
export async function readPrivateKeyText(file: string, passphraseFile: string | undefined): Promise<PrivateKeyText> {
  const bytes = await read(file);
  const encryptionKey = withPrivateKey(file, () => decodeKeyFile(bytes));
  if (passphraseFile === undefined) return { encryptionKey };
  const [passphrase = ""] = decodeText(await read(passphraseFile)).split(/\r?\n/);
  if (passphrase === "") throw failure(`${passphraseFile}: its first line is empty; it must hold the passphrase`);
  return { encryptionKey, passphrase };
}

/** Runs what takes the key; a key that it cannot use is the user's to mend, and named by its file. */
export function withPrivateKey<Result>(file: string, use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    const [, option, problem] = /^(?:(encryptionKey|passphrase): )?(.*)$/s.exec((error as Error).message) ?? [];
    const remedy = option === "passphrase" ? "The first line of a file opens it: --passphrase-file FILE" : undefined;
    throw failure(`${file}: ${problem}`, remedy);
  }
}

/** Loads a private key that signs whatever it is given; the issuer judges it first. */
export async function loadPrivateKey(file: string, passphraseFile: string | undefined): Promise<KeyObject> {
  const text = await readPrivateKeyText(file, passphraseFile);
  return withPrivateKey(file, () => {
    createIssuer({ displayName: "portcullis", tokenExpiry: 5, ...text });
    const key = normalizePem(text.encryptionKey, /PRIVATE KEY$/) ?? text.encryptionKey;
    return createPrivateKey(text.passphrase === undefined ? key : { key, passphrase: text.passphrase });
  });
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readSmallFile(path);
  } catch (error) {
    throw failure(`${path} cannot be read: ${describeSystemError(error)}`);
  }
}
