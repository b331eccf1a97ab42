import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import { channelOption, databaseOption, dataOption } from "../../depot/data-option.ts";

/** `portcullis publish`: a new version for the links of a depot. */
export const publish = defineCommand({
  name: "publish",
  summary: "publish an .ipa or .pkg in a depot",
  description:
    "Copies an .ipa or .pkg into the depot's data folder, reads its title, identifier and version, and makes it the version that the links of a channel install. The depot can be running. If the same file has been published before, only the channel is set to it.",
  operands: { file: { placeholder: "FILE", description: "the .ipa or flat .pkg" } },
  options: {
    data: dataOption,
    database: databaseOption,
    channel: { ...channelOption, description: "publish on this channel, such as beta" },
    json: jsonOption,
  },
  examples: [
    { command: "portcullis publish App.ipa --data /var/lib/portcullis", meaning: "for all links to the app" },
    {
      command: "portcullis publish App.ipa --data /var/lib/portcullis --channel beta",
      meaning: "for testers only",
    },
  ],
});
