import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import { gateOptionTable } from "../../gate/gate-option-table.ts";

const { key, keyRefresh: _, ...rules } = gateOptionTable;

/** `portcullis inspect`: why is this link refused? */
export const inspect = defineCommand({
  name: "inspect",
  summary: "say why a link or token is refused, or until when it works",
  description:
    "Shows what a download link's token says, which key signed it, the verdict of every check that the gate makes, and what to do about the first that fails. The signature itself is never shown. Exit code 0 only if the token is valid and its signature was checked.",
  operands: {
    link: {
      placeholder: "URL|TOKEN|-",
      description: "a download link, a token alone, or - to read it from standard input",
    },
  },
  options: {
    key: { ...key, required: false, description: `${key.description}; without one nothing is verified` },
    now: {
      kind: "text",
      placeholder: "TIME",
      description: "judge as of this time: seconds since 1970 or a date (default now)",
    },
    ...rules,
    json: jsonOption,
  },
  examples: [
    {
      command: "portcullis inspect 'https://example.com/a.ipa?token=…' --key public.pem",
      meaning: "why was this refused?",
    },
    {
      command: "pbpaste | portcullis inspect - --key public.pem",
      meaning: "the link in the clipboard, kept out of the shell's history",
    },
  ],
});
