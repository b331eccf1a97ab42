import { defineCommand } from "../../command-line/command.ts";
import { gateOptionTable } from "../../gate/gate-option-table.ts";

/** `portcullis rewritemap`: an external rewriting program for Apache's mod_rewrite. */
export const rewritemap = defineCommand({
  name: "rewritemap",
  summary: "tell Apache's RewriteMap prg: whether a link is valid",
  description:
    "Started by Apache httpd. For each line of standard input, a URL or a query, it writes a line to standard output: allowed, or the reason of the refusal.",
  operands: {},
  options: gateOptionTable,
  examples: [
    {
      command: 'RewriteMap gate "prg:/usr/bin/portcullis rewritemap --key /etc/public.pem"',
      meaning: "in httpd.conf",
    },
  ],
});
