import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import { gateOptionTable } from "../../gate/gate-option-table.ts";

const { key, keyRefresh: _, ...rules } = gateOptionTable;

/** `portcullis scan-logs`: which tokens leaked into logs, and are any still good? */
export const scanLogs = defineCommand({
  name: "scan-logs",
  summary: "find tokens in access logs, and which are still valid",
  description:
    "Reads logs of any format (nginx, Apache, Caddy, HAProxy and others; gzip too) and finds the tokens in them, percent-encoded ones as well. Says how many each log holds, which are still valid, for how long and under which key. No token is printed. Exit code 1 if one is still valid, or may be.",
  operands: { files: { placeholder: "FILE", description: "logs, or - for standard input", variadic: true } },
  options: {
    key: { ...key, required: false, description: `${key.description}; without one nothing is verified` },
    ...rules,
    json: jsonOption,
  },
  examples: [
    { command: "portcullis scan-logs /var/log/nginx/access.log* --key public.pem", meaning: "rotated logs too" },
    { command: "journalctl -u myserver | portcullis scan-logs - --key public.pem", meaning: "from the journal" },
  ],
});
