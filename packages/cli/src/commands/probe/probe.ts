import { gateDefaults } from "@portcullis/core";
import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import { privateKeyOptionTable } from "../../signing/signing-options.ts";

/** `portcullis probe`: does this server serve a file to valid tokens only? */
export const probe = defineCommand({
  name: "probe",
  summary: "test whether a server serves a file to valid tokens only",
  description:
    "Requests a file from a server without a token, with a valid token and with invalid tokens of all kinds, each with GET, HEAD and a range request, and reports what the server lets through by mistake. It reads only the first 4 KiB of a body. The last line is the verdict; the exit code is 0 only for LOCKED. It asks before it sends anything to another computer. The tokens that it sends end up in the server's log.",
  operands: {
    url: {
      placeholder: "URL",
      description: "URL of a file on the server; a token in it is used as if it were passed with --token",
    },
  },
  options: {
    ...privateKeyOptionTable,
    token: {
      kind: "text",
      placeholder: "TOKEN",
      description: "a valid token, if you do not have the private key; fewer cases can be tried",
    },
    tokenParameter: {
      kind: "text",
      placeholder: "NAME",
      default: gateDefaults.tokenParameter,
      description: "query parameter that carries the token",
    },
    timeout: {
      kind: "duration",
      bareUnit: "s",
      min: 1,
      max: 300,
      default: 10,
      description: "maximum time for each response, from the request to the last byte that is read",
    },
    insecure: { kind: "flag", description: "accept a TLS certificate that devices would reject" },
    yes: { kind: "flag", short: "y", description: "do not ask before probing another computer" },
    json: jsonOption,
  },
  examples: [
    {
      command: "portcullis probe https://example.com/apps/a.ipa --private-key key.pem",
      meaning: "try all cases",
    },
    { command: "portcullis probe 'https://example.com/apps/a.ipa?token=…'", meaning: "use a link from Jamf Pro" },
  ],
});
