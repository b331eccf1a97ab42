import type { KeyObject } from "node:crypto";
import { isConfigurationError } from "@portcullis/core";
import { readEncryptionKey } from "@portcullis/issuer";
import { failure } from "../command-line/command-error.ts";
import { decodeKeyFile, KeyFileError } from "../gate/decode-key-file.ts";
import { decodeText } from "../system/decode-text.ts";
import { describeSystemError } from "../system/describe-system-error.ts";
import { readSmallFile } from "../system/read-small-file.ts";

/** A private key and its passphrase, as the issuer takes them. */
export interface PrivateKeyText {
  readonly encryptionKey: string;
  readonly passphrase?: string;
}

/** Reads a private key file, and the first line of the passphrase file. */
export async function readPrivateKeyText(file: string, passphraseFile: string | undefined): Promise<PrivateKeyText> {
  const bytes = await read(file);
  const encryptionKey = withPrivateKey({ privateKey: file }, () => decodeKeyFile(bytes, file));
  if (passphraseFile === undefined) return { encryptionKey };
  const [passphrase = ""] = decodeText(await read(passphraseFile)).split(/\r?\n/);
  if (passphrase === "") throw failure(`${passphraseFile}: its first line is empty; it must be the passphrase`);
  return { encryptionKey, passphrase };
}

/** Runs a function that uses the key; if it refuses the key, the error names the file. */
export function withPrivateKey<Result>(
  { privateKey: file, passphraseFile }: { readonly privateKey: string; readonly passphraseFile?: string | undefined },
  use: () => Result,
): Result {
  try {
    return use();
  } catch (error) {
    if (error instanceof KeyFileError) throw failure(`${file}: ${error.problem}`, error.remedy);
    if (!isConfigurationError(error)) throw error;
    if (error.option !== "passphrase") throw failure(`${file}: ${error.problem}`, error.remedy);
    if (passphraseFile !== undefined) {
      throw failure(
        `${file} cannot be decrypted with the first line of ${passphraseFile} as its passphrase`,
        error.remedy,
      );
    }
    throw failure(
      `${file}: ${error.problem}`,
      "Pass a file whose first line is the passphrase: --passphrase-file FILE",
    );
  }
}

/** Loads a private key that the issuer accepts, to sign any content with it. */
export async function loadPrivateKey(file: string, passphraseFile: string | undefined): Promise<KeyObject> {
  const { encryptionKey, passphrase } = await readPrivateKeyText(file, passphraseFile);
  return withPrivateKey({ privateKey: file, passphraseFile }, () => readEncryptionKey(encryptionKey, passphrase));
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readSmallFile(path);
  } catch (error) {
    throw failure(`${path} cannot be read: ${describeSystemError(error)}`);
  }
}
