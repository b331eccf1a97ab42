import { createIssuer, type Issuer } from "@portcullis/issuer";
import type { CommandContext } from "../command-line/context.ts";
import { readPrivateKeyText, withPrivateKey } from "./load-private-key.ts";

/** What a command that signs is told on the command line. */
export interface IssuerOptions {
  readonly privateKey: string;
  readonly passphraseFile?: string | undefined;
  readonly pathBound: boolean;
}

/** Makes the issuer that signs as Jamf Pro would; `expiry` in seconds, whole minutes. Says on standard error what is unwise. */
export async function loadIssuer(
  { privateKey, passphraseFile, pathBound }: IssuerOptions,
  expiry: number,
  { err, now }: CommandContext,
): Promise<Issuer> {
  const text = await readPrivateKeyText(privateKey, passphraseFile);
  return withPrivateKey({ privateKey, passphraseFile }, () =>
    createIssuer({
      displayName: "portcullis",
      ...text,
      tokenExpiry: expiry / 60,
      pathBound,
      now,
      onWarning: ({ message }) => err.line(`${err.colours.yellow("warning:")} ${message}`),
    }),
  );
}
