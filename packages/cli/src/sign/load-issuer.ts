import { readFileSync } from "node:fs";
import { createIssuer, type Issuer } from "@portcullis/issuer";
import { failure } from "../command-line/command-error.ts";
import type { CommandContext } from "../command-line/context.ts";

/** The private key of a command, as the command line has it. */
export interface PrivateKeyOptions {
  readonly privateKey: string;
  readonly passphraseFile?: string | undefined;
}

/** Makes the issuer that signs as Jamf Pro would; `expiry` in minutes. Says on standard error what is unwise. */
export function loadIssuer(
  { privateKey, passphraseFile }: PrivateKeyOptions,
  expiry: number,
  { err, now }: CommandContext,
): Issuer {
  const passphrase = passphraseFile === undefined ? undefined : read(passphraseFile).split(/\r?\n/)[0];
  const encryptionKey = read(privateKey);
  try {
    return createIssuer({
      displayName: "portcullis",
      encryptionKey,
      ...(passphrase === undefined ? {} : { passphrase }),
      tokenExpiry: expiry,
      now,
      onWarning: ({ message }) => err.line(`${err.colours.yellow("warning:")} ${message}`),
    });
  } catch (error) {
    throw failure(`${privateKey}: ${(error as Error).message.replace(/^(encryptionKey|passphrase): /, "")}`);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw failure(`${path} cannot be read: ${(error as Error).message}`);
  }
}
