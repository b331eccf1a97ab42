import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";

/** `portcullis keygen`: the key pair for Jamf Pro and the web server. */
export const keygen = defineCommand({
  name: "keygen",
  summary: "create a key pair: one half for Jamf Pro, one for the web server",
  description:
    "Creates an RSA private key in the format that Jamf Pro's JSON Web Token Configuration accepts, in a file that only you can read, and the public half for the web server. Existing files are never overwritten.",
  operands: {},
  options: {
    out: { kind: "text", placeholder: "FILE", default: "key.pem", description: "write the private key here" },
    publicOut: { kind: "text", placeholder: "FILE", default: "public.pem", description: "write the public key here" },
    bits: {
      kind: "choice",
      placeholder: "BITS",
      choices: ["2048", "3072", "4096"],
      default: "2048",
      description: "length of the key in bits",
    },
    pkcs1: {
      kind: "flag",
      description: 'write the older format, "RSA PRIVATE KEY", as OpenSSL 1 and macOS do',
    },
    json: jsonOption,
  },
  examples: [{ command: "portcullis keygen", meaning: "writes key.pem and public.pem" }],
});
