import { defineCommand } from "../../command-line/command.ts";

/** `portcullis redact`: a filter that takes tokens out of logs. */
export const redact = defineCommand({
  name: "redact",
  summary: "a filter that takes tokens out of a log",
  description:
    "Copies standard input to standard output and puts the fingerprint (first 8 hexadecimal digits of the SHA-256) in the place of every token, so that lines of one token can still be joined. All other bytes stay as they are.",
  operands: {},
  options: {
    tokenParameter: {
      kind: "text",
      placeholder: "NAME",
      default: "token",
      description: "query parameter that carries the token; JWTs are taken out wherever they stand",
    },
  },
  examples: [
    { command: "portcullis redact < access.log > access-redacted.log", meaning: "clean a log" },
    {
      command: 'CustomLog "|portcullis redact >> /var/log/apache2/access.log" combined',
      meaning: "in Apache's configuration",
    },
  ],
});
