import { type ActionTable, actionNames } from "../../command-line/action.ts";
import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import { databaseOption, dataKeyFileOption, dataOption } from "../../depot/data-option.ts";
import { expiryOption } from "../../signing/signing-options.ts";

/** What can be done with the configuration. */
export const configurationActions = {
  show: {},
  change: {
    options: ["newKey", "encryptionKey", "revokeOldKeys", "passphraseFile", "tokenExpiry", "displayName", "enabled"],
  },
  "public-keys": {},
} as const satisfies ActionTable;

/** `portcullis configuration`: how a depot signs tokens. */
export const configuration = defineCommand({
  name: "configuration",
  summary: "show or change how a depot signs tokens, or print its public keys",
  description:
    "Shows or changes the JSON Web Token configuration of a depot, which has the same fields as Jamf Pro's form. The change action can replace the key that signs tokens, for example because it was stolen: the next token is signed with the new key. Tokens that the old key signed stay valid until they expire. You do not need to stop the depot: it notices the change, as do other depots that share the database. The public-keys action prints a JWK Set of all keys whose tokens are accepted, for a web server that checks the depot's tokens itself; print it again after each change of the key. The private key is never printed.",
  operands: {
    action: {
      placeholder: "ACTION",
      description: "show, change or public-keys",
      choices: actionNames(configurationActions),
    },
  },
  options: {
    data: dataOption,
    database: databaseOption,
    dataKeyFile: dataKeyFileOption,
    newKey: { kind: "flag", description: "change: replace the key with a new 2048-bit RSA key" },
    encryptionKey: {
      kind: "text",
      placeholder: "FILE",
      description: "change: replace the key with the private key in this file, such as the one in Jamf Pro",
    },
    revokeOldKeys: {
      kind: "flag",
      description:
        "change: refuse the tokens of all earlier keys immediately, for example if a key was stolen; downloads with these tokens fail",
    },
    passphraseFile: {
      kind: "text",
      placeholder: "FILE",
      description: "change: file whose first line is the passphrase of the private key, if it is encrypted",
    },
    tokenExpiry: { ...expiryOption, description: "change: how long tokens are valid" },
    displayName: { kind: "text", placeholder: "NAME", description: "change: the name of the configuration" },
    enabled: {
      kind: "choice",
      choices: ["yes", "no"],
      description: "change: whether tokens are issued; if not, requests for links get 503",
    },
    json: jsonOption,
  },
  examples: [
    { command: "portcullis configuration show --data data", meaning: "name, expiry and thumbprint of the key" },
    { command: "portcullis configuration change --data data --new-key", meaning: "replace the key" },
    {
      command: "portcullis configuration public-keys --data data > depot.json",
      meaning: "for portcullis serve --path-bound --key depot.json on a web server",
    },
    {
      command: "portcullis configuration change --data data --new-key --revoke-old-keys",
      meaning: "replace a key that was stolen",
    },
    {
      command: "portcullis configuration change --data data --token-expiry 10m",
      meaning: "tokens issued from now on are valid for 10 minutes",
    },
  ],
});
