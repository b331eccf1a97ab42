import { createIssuer, type Issuer } from "@portcullis/issuer";
import type { CommandContext } from "../command-line/context.ts";
import { readPrivateKeyText, withPrivateKey } from "./load-private-key.ts";
import type { PrivateKeyOptionValues } from "./signing-options.ts";

/** The options of a command that signs; `expiry` is passed separately. */
type IssuerOptions = PrivateKeyOptionValues & { readonly privateKey: string; readonly pathBound: boolean };

/**
 * Creates the issuer that signs as Jamf Pro would; `expiry` in seconds, a multiple of 60. Warnings go to standard
 * error.
 */
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
      onWarning: ({ message }) => err.warning(message),
    }),
  );
}
