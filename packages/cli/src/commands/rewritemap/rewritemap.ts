import { defineCommand } from "../../command-line/command.ts";
import { gateOptionTable } from "../../gate/gate-option-table.ts";

/** `portcullis rewritemap`: the answerer for Apache's mod_rewrite. */
export const rewritemap = defineCommand({
  name: "rewritemap",
  summary: "answer Apache's RewriteMap prg: whether a link is valid",
  description:
    "Started by Apache httpd. Reads one URL or query from each line of standard input and writes allowed, or why not, to a line of standard output.",
  operands: {},
  options: gateOptionTable,
  examples: [
    {
      command: 'RewriteMap gate "prg:/usr/bin/portcullis rewritemap --key /etc/public.pem"',
      meaning: "in httpd.conf",
    },
  ],
});
