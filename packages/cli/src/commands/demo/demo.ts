import { defineCommand } from "../../command-line/command.ts";
import { expiryOption } from "../../signing/signing-options.ts";

/** `portcullis demo`: see downloads being refused and allowed, without any setup. */
export const demo = defineCommand({
  name: "demo",
  summary: "watch downloads being refused and allowed, without any setup",
  description:
    "Creates an ephemeral key and a few sample files, serves them with portcullis serve on this computer only, and prints commands to try. When you stop it, it deletes the key and the files.",
  operands: {},
  options: {
    port: {
      kind: "number",
      placeholder: "PORT",
      description: "listen on this port, or the next free one",
      min: 1,
      max: 65_535,
      default: 8080,
    },
    expiry: { ...expiryOption, default: 900, description: "how long the valid link works" },
  },
});
