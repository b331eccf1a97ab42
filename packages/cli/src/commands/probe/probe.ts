import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import { privateKeyOptionTable } from "../../signing/private-key-option-table.ts";

/** `portcullis probe`: is that server really locked? */
export const probe = defineCommand({
  name: "probe",
  summary: "try whether a server is really locked",
  description:
    "Asks a server for a file with no token, with a valid one and with all kinds of wrong ones, each by GET, HEAD and Range, and says what was let through that should not be. It hangs up after the first few KiB of a body. The last line is the verdict; exit code 0 only for LOCKED. Asks before it touches a host other than this computer.",
  operands: {
    url: { placeholder: "URL", description: "a file on the server; a token in the URL is used like --token" },
  },
  options: {
    ...privateKeyOptionTable,
    token: {
      kind: "text",
      placeholder: "TOKEN",
      description: "a valid token, where the private key is not at hand; less can be tried",
    },
    tokenParameter: {
      kind: "text",
      placeholder: "NAME",
      default: "token",
      description: "query parameter that carries the token",
    },
    timeout: {
      kind: "duration",
      bareUnit: "s",
      min: 1,
      max: 300,
      default: 10,
      description: "wait so long for each answer",
    },
    insecure: { kind: "flag", description: "accept a TLS certificate that devices would refuse" },
    yes: { kind: "flag", short: "y", description: "do not ask before probing another host" },
    json: jsonOption,
  },
  examples: [
    {
      command: "portcullis probe https://example.com/apps/a.ipa --private-key key.pem",
      meaning: "everything",
    },
    { command: "portcullis probe 'https://example.com/apps/a.ipa?token=…'", meaning: "with a link from Jamf Pro" },
  ],
});
