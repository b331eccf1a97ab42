import type { TextOption } from "../command-line/option.ts";

/** The options of every command that signs tokens of its own. */
export const privateKeyOptionTable: { readonly privateKey: TextOption; readonly passphraseFile: TextOption } = {
  privateKey: {
    kind: "text",
    placeholder: "FILE",
    description: "private key to sign with, as it is in Jamf Pro",
  },
  passphraseFile: {
    kind: "text",
    placeholder: "FILE",
    description: "file whose first line opens the private key, if it is encrypted",
  },
};
