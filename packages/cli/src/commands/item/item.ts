import { type ActionTable, actionNames } from "../../command-line/action.ts";
import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import {
  channelOption,
  databaseOption,
  dataKeyFileOption,
  dataOption,
  depotOriginOptionTable,
  hostingOption,
  pageOptionTable,
} from "../../depot/data-option.ts";

/** What can be done with the apps and packages of a depot. */
export const itemActions = {
  list: { options: ["limit", "after"] },
  versions: { subject: "the bundle identifier of the app", options: ["limit", "after"] },
  promote: { subject: "the bundle identifier of the app", options: ["from", "versionId"] },
  rollback: { subject: "the bundle identifier of the app" },
  host: {
    subject: "the bundle identifier of the app",
    options: ["hosting", "url", "object", "versionId", "dataKeyFile"],
  },
  check: { subject: "the bundle identifier of the app", options: ["dataKeyFile"] },
} as const satisfies ActionTable;

/** `portcullis item`: which version each channel of a depot installs. */
export const item = defineCommand({
  name: "item",
  summary: "list, promote, roll back or move the apps of a depot",
  description:
    "An item is an app or a package with all its published versions. A channel, such as release or beta, points to one of them, and the links to that channel install that version. Promoting points a channel to the version of another channel, or to any other version; a rollback points it back to its previous version. The host action moves the files of an app to another hosting location, and the check action tests whether each file can be downloaded from its location. Links stay the same. You do not need to stop the depot.",
  operands: {
    action: {
      placeholder: "ACTION",
      description: "list, versions, promote, rollback, host or check",
      choices: actionNames(itemActions),
    },
    subject: { placeholder: "APP", description: "the bundle identifier of the app", optional: true },
  },
  options: {
    data: dataOption,
    database: databaseOption,
    ...depotOriginOptionTable,
    channel: { ...channelOption, description: "promote and rollback: the channel to change" },
    from: { kind: "text", placeholder: "NAME", description: "promote: use the version of this channel" },
    versionId: {
      kind: "text",
      placeholder: "ID",
      description: "promote and host: use the version with this ID, as listed by portcullis item versions",
    },
    hosting: {
      ...hostingOption,
      description: "host: where to store the files: data-folder, database for files up to 32 MiB, or origin",
    },
    url: {
      kind: "text",
      placeholder: "URL",
      description: "host: the https:// URL of the same file on a web server that checks the depot's tokens",
    },
    object: {
      kind: "text",
      placeholder: "NAME",
      description: "host: the name of the same file, if it is already in the depot's origin",
    },
    dataKeyFile: dataKeyFileOption,
    ...pageOptionTable,
    json: jsonOption,
  },
  examples: [
    { command: "portcullis item list --data data", meaning: "all apps and their channels" },
    {
      command: "portcullis item versions com.example.app --data data",
      meaning: "all versions of one app",
    },
    {
      command: "portcullis item promote com.example.app --from beta --data data",
      meaning: "make the tested beta the release",
    },
    {
      command: "portcullis item rollback com.example.app --data data",
      meaning: "return to the previous release",
    },
    {
      command: "portcullis item host com.example.app --hosting database --data data",
      meaning: "store its files in the database",
    },
  ],
});
