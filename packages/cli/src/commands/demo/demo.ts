import { defineCommand } from "../../command-line/command.ts";
import { expiryOption } from "../../signing/signing-options.ts";

/** `portcullis demo`: see a download being allowed and refused, with nothing set up. */
export const demo = defineCommand({
  name: "demo",
  summary: "watch a download being allowed and refused, with nothing set up",
  description:
    "Makes a throw-away key and a few sample files, serves them on this computer only, and prints links to try. Everything is gone when it ends.",
  operands: {},
  options: {
    port: {
      kind: "number",
      placeholder: "PORT",
      description: "listen here, or on the next free port",
      min: 1,
      max: 65_535,
      default: 8080,
    },
    expiry: { ...expiryOption, default: 900, description: "how long the working link works" },
  },
});
