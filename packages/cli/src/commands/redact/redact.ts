import { gateDefaults } from "@portcullis/core";
import { defineCommand } from "../../command-line/command.ts";

/** `portcullis redact`: a filter that removes tokens from logs. */
export const redact = defineCommand({
  name: "redact",
  summary: "remove tokens from a log (a filter)",
  description:
    "Copies standard input to standard output and replaces every token with its fingerprint (the first 8 hexadecimal digits of its SHA-256, as in the log of serve), so that lines with the same token can still be correlated. A token that is wrapped over several lines is found too, if its first line contains the parameter or the first dot. All other bytes are unchanged.",
  operands: {},
  options: {
    tokenParameter: {
      kind: "text",
      placeholder: "NAME",
      default: gateDefaults.tokenParameter,
      description: "query parameter that carries the token; JWTs are removed everywhere",
    },
  },
  examples: [
    { command: "portcullis redact < access.log > access-redacted.log", meaning: "remove the tokens from a log" },
    {
      command: 'CustomLog "|$portcullis redact >> /var/log/apache2/access.log" combined',
      meaning: "in Apache's configuration; |$ starts a shell, which >> needs",
    },
  ],
});
