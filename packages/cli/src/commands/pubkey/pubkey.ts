import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";

/** `portcullis pubkey`: the half of a key that belongs on the web server. */
export const pubkey = defineCommand({
  name: "pubkey",
  summary: "print the public half of a private key, certificate or JWK",
  description:
    "Reads a private key, public key, certificate, JWK or JWK Set and prints the public half for the web server. The thumbprint, which identifies the key in logs and metrics, is printed to standard error.",
  operands: { file: { placeholder: "FILE|-", description: "the key, or - to read it from standard input" } },
  options: {
    format: {
      kind: "choice",
      placeholder: "FORM",
      choices: ["pem", "jwk", "jwks"],
      default: "pem",
      description: "print the key in this format",
    },
    json: { ...jsonOption, description: "print PEM, JWK and thumbprint as JSON" },
  },
  examples: [{ command: "portcullis pubkey key.pem > public.pem", meaning: "the file for --key" }],
});
