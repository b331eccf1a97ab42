import { gateDefaults } from "@portcullis/core";
import type { DurationOption, FlagOption, OptionTable, OptionValues } from "../command-line/option.ts";

/** The options of every command that signs tokens. */
export const privateKeyOptionTable = {
  privateKey: {
    kind: "text",
    placeholder: "FILE",
    description: "private key to sign with, the same one as in Jamf Pro",
    remedy: "To create a key for a trial, run: portcullis keygen",
  },
  passphraseFile: {
    kind: "text",
    placeholder: "FILE",
    description: "file whose first line is the passphrase of the private key, if it is encrypted",
  },
} as const satisfies OptionTable;

/** The values of these options. */
export type PrivateKeyOptionValues = OptionValues<typeof privateKeyOptionTable>;

/** For the commands that create links. */
export const pathBoundOption = {
  kind: "flag",
  description:
    "create tokens that are valid for one path only, for servers with --path-bound; Jamf Pro does not create such tokens",
} as const satisfies FlagOption;

/** Jamf Pro's Token Expiry: 1 to 120 whole minutes; each command adds the description and the default. */
export const expiryOption = {
  kind: "duration",
  bareUnit: "min",
  step: 60,
  min: 60,
  max: gateDefaults.maxLifetime,
} as const satisfies Omit<DurationOption, "description">;
