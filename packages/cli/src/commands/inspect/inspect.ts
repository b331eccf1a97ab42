import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import { gateOptionTable } from "../../gate/gate-option-table.ts";

const { key, keyRefresh: _, ...rules } = gateOptionTable;

/** `portcullis inspect`: why is this link refused? */
export const inspect = defineCommand({
  name: "inspect",
  summary: "explain why a link or token is refused, or how long it works",
  description:
    "Shows the claims of a download link's token, which key signed it, the result of every check of the gate, and what to do about the first check that fails. It never shows the signature. The exit code is 0 only if the token is valid and its signature was verified.",
  operands: {
    link: {
      placeholder: "URL|TOKEN|-",
      description: "a download link in quotes, a token, or - to read it from standard input",
    },
  },
  options: {
    key: { ...key, required: false, description: `${key.description}; without one, no signature is verified` },
    now: {
      kind: "text",
      placeholder: "TIME",
      description: "check as of this time: seconds since 1970 or a date (default: now)",
    },
    ...rules,
    json: jsonOption,
  },
  examples: [
    {
      command: "portcullis inspect 'https://example.com/a.ipa?token=…' --key public.pem",
      meaning: "why is this link refused?",
    },
    {
      command: "pbpaste | portcullis inspect - --key public.pem",
      meaning: "the link in the clipboard, without leaving it in the shell's history",
    },
  ],
});
