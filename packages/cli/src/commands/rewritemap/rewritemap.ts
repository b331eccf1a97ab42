import { defineCommand } from "../../command-line/command.ts";
import { gateOptionTable } from "../../gate/gate-option-table.ts";

/** `portcullis rewritemap`: an external rewriting program for Apache's mod_rewrite. */
export const rewritemap = defineCommand({
  name: "rewritemap",
  summary: "tell Apache's RewriteMap whether a link is valid",
  description:
    "Apache httpd starts this command. It reads a URL or a query from each line of standard input, and writes a line to standard output: allowed, or the refusal code.",
  operands: {},
  options: gateOptionTable,
  examples: [
    {
      command: 'RewriteMap gate "prg:/usr/bin/portcullis rewritemap --key /etc/public.pem"',
      meaning: "in httpd.conf",
    },
  ],
});
