import { type ActionTable, actionNames } from "../../command-line/action.ts";
import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import { channelOption, databaseOption, dataOption, pageOptionTable } from "../../depot/data-option.ts";

/** What can be done with links. */
export const linkActions = {
  create: { subject: "the bundle identifier of the app", options: ["for", "days", "publicUrl"] },
  list: { subject: "the bundle identifier of an app", subjectOptional: true, options: ["limit", "after"] },
  revoke: { subject: "the ID of the link" },
  receipts: { subject: "the ID of the link", options: ["limit", "after"] },
} as const satisfies ActionTable;

/** `portcullis link`: the stable, revocable links of a depot. */
export const link = defineCommand({
  name: "link",
  summary: "create, list or revoke the links of a depot",
  description:
    "A link leads to the manifest of an app. It stays the same until it expires or is revoked, even if a new version of the app is published; the tokens in the manifest are created when it is fetched, and are valid for minutes. The link is printed only when it is created, because the depot stores only its hash. Receipts record what each device did with a link: whether it fetched the manifest, requested the file, and got all of it. You do not need to stop the depot.",
  operands: {
    action: {
      placeholder: "ACTION",
      description: "create, list, revoke or receipts",
      choices: actionNames(linkActions),
    },
    subject: {
      placeholder: "APP|ID",
      description:
        "create and list: the app's bundle identifier, optional for list; revoke and receipts: the link's ID",
      optional: true,
    },
  },
  options: {
    data: dataOption,
    database: databaseOption,
    channel: { ...channelOption, description: "create: install the version on this channel" },
    for: {
      kind: "text",
      placeholder: "NAME",
      description: "create: the person or device that the link is for, as shown in lists",
    },
    days: {
      kind: "number",
      placeholder: "N",
      min: 1,
      max: 36_500,
      description: "create: how many days the link works (default: until it is revoked)",
    },
    publicUrl: {
      kind: "text",
      placeholder: "URL",
      description: "create: the URL at which clients reach the depot (default: the one that it was last started with)",
    },
    ...pageOptionTable,
    json: jsonOption,
  },
  examples: [
    {
      command: 'portcullis link create com.example.app --data data --for "iPad 7" --days 400',
      meaning: "a link for one device",
    },
    { command: "portcullis link list --data data", meaning: "all links, and when each was last used" },
    { command: "portcullis link revoke 8d1f0c6a2b --data data", meaning: "stop this link from working" },
    { command: "portcullis link receipts 8d1f0c6a2b --data data", meaning: "what the device did" },
  ],
});
