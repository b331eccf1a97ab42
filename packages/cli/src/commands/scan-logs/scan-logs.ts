import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import { gateOptionTable } from "../../gate/gate-option-table.ts";

const { key, keyRefresh: _, ...rules } = gateOptionTable;

/** `portcullis scan-logs`: which tokens leaked into logs, and are any still valid? */
export const scanLogs = defineCommand({
  name: "scan-logs",
  summary: "find tokens in access logs, and say which are still valid",
  description:
    "Reads logs in any format (nginx, Apache, Caddy, HAProxy, IIS and others, gzipped or not) and finds the tokens in them, percent-encoded or not. Prints how many tokens each log contains, and which are still valid, for how long and with which key. It never prints a token. The exit code is 1 if a token is still valid, or might be.",
  operands: { files: { placeholder: "FILE", description: "logs, or - for standard input", variadic: true } },
  options: {
    key: { ...key, required: false, description: `${key.description}; without one, no signature is verified` },
    ...rules,
    json: jsonOption,
  },
  examples: [
    {
      command: "portcullis scan-logs /var/log/nginx/access.log* --key public.pem",
      meaning: "a log and its rotated files",
    },
    {
      command: "journalctl -u myserver | portcullis scan-logs - --key public.pem",
      meaning: "the journal of a service",
    },
  ],
});
