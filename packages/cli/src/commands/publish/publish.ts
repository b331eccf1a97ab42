import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import {
  channelOption,
  databaseOption,
  dataKeyFileOption,
  dataOption,
  depotOriginOptionTable,
  hostingOption,
} from "../../depot/data-option.ts";

/** `portcullis publish`: a new version for the links of a depot. */
export const publish = defineCommand({
  name: "publish",
  summary: "publish an .ipa or .pkg to a depot",
  description:
    "Publishes an .ipa or .pkg to a channel: reads its title, identifier and version, and makes it the version that the channel's links install. You do not need to stop the depot. If the same file has been published before, only the channel changes. With --data, on the depot's own machine, the file is copied into the data folder. With --to, from any machine, it is uploaded to the depot's administration address; if the upload is interrupted, run the command again to continue it. FILE can also be the https:// URL of a file on a web server that checks the depot's tokens: it is read once and not copied, and devices download it from there. With --object instead of FILE, a file that is already in the depot's origin is published from there.",
  operands: {
    file: {
      placeholder: "FILE",
      description: "the .ipa or flat .pkg, or the https:// URL of one on a web server",
      optional: true,
    },
  },
  options: {
    data: { ...dataOption, required: false },
    database: databaseOption,
    ...depotOriginOptionTable,
    to: {
      kind: "text",
      placeholder: "URL",
      description: "upload to the depot whose administration pages have this URL",
    },
    apiTokenFile: {
      kind: "text",
      placeholder: "FILE",
      description: "file with the API token for --to (default: the text in PORTCULLIS_API_TOKEN)",
    },
    channel: { ...channelOption, description: "publish to this channel, such as beta" },
    hosting: {
      ...hostingOption,
      description:
        "where the file is stored: data-folder, database for files up to 32 MiB, or origin (default: where the newest version of the app is; for its first version, the origin, or data-folder if there is none)",
    },
    object: {
      kind: "text",
      placeholder: "NAME",
      description: "publish the object with this name, such as prod/App.ipa, which is already in the depot's origin",
    },
    dataKeyFile: dataKeyFileOption,
    for: {
      kind: "text",
      placeholder: "NAME",
      description: "create a link to the channel, for this person, device or group",
    },
    days: {
      kind: "number",
      placeholder: "N",
      min: 1,
      max: 36_500,
      description: "how many days that link works (default: until it is revoked)",
    },
    qr: { kind: "flag", description: "draw a QR code of that link's page, which has a button that installs the app" },
    json: jsonOption,
  },
  examples: [
    {
      command: "portcullis publish App.ipa --data /var/lib/portcullis",
      meaning: "for everyone with a link to the app",
    },
    {
      command: "portcullis publish App.ipa --data /var/lib/portcullis --channel beta",
      meaning: "for testers only",
    },
    {
      command: 'portcullis publish App.ipa --to https://admin.example --for "Build 42"',
      meaning: "from a CI job, with a link for testers",
    },
  ],
});
