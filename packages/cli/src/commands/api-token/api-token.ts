import { type ActionTable, actionNames } from "../../command-line/action.ts";
import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import { databaseOption, dataOption, pageOptionTable } from "../../depot/data-option.ts";

/** What can be done with API tokens. */
export const apiTokenActions = {
  create: { subject: "a name, such as CI", options: ["days"] },
  list: { options: ["limit", "after"] },
  revoke: { subject: "the ID of the token" },
} as const satisfies ActionTable;

/** `portcullis api-token`: who can publish over the network. */
export const apiToken = defineCommand({
  name: "api-token",
  summary: "create, list or revoke tokens that let CI jobs publish",
  description:
    "An API token lets a program, such as a CI job, publish apps with portcullis publish --to, and create links. The token is printed only when it is created, because the depot stores only its hash. API tokens do not give access to files; devices get different tokens, in manifests. You do not need to stop the depot.",
  operands: {
    action: { placeholder: "ACTION", description: "create, list or revoke", choices: actionNames(apiTokenActions) },
    subject: {
      placeholder: "NAME|ID",
      description: "create: the job or program that the token is for; revoke: the token's ID",
      optional: true,
    },
  },
  options: {
    data: dataOption,
    database: databaseOption,
    days: {
      kind: "number",
      placeholder: "N",
      min: 1,
      max: 3650,
      description: "create: how many days the token works (default: until it is revoked)",
    },
    ...pageOptionTable,
    json: jsonOption,
  },
  examples: [
    { command: 'portcullis api-token create "Notes CI" --data data --days 365', meaning: "a token for one job" },
    { command: "portcullis api-token list --data data", meaning: "all tokens, and when each was last used" },
    { command: "portcullis api-token revoke 8d1f0c6a2b --data data", meaning: "stop uploads with this token" },
  ],
});
