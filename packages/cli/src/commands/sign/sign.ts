import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import { expiryOption, pathBoundOption, privateKeyOptionTable } from "../../signing/signing-options.ts";

/** `portcullis sign`: a download link as Jamf Pro would create it. */
export const sign = defineCommand({
  name: "sign",
  summary: "create a download link as Jamf Pro would",
  description:
    "Adds a fresh token, signed with Jamf Pro's private key, to a URL, so that you can test a server without sending an install command. Anyone who has the link can download until it expires.",
  operands: { url: { placeholder: "URL", description: "the URL of the file, without a token" } },
  options: {
    ...privateKeyOptionTable,
    privateKey: { ...privateKeyOptionTable.privateKey, required: true },
    expiry: { ...expiryOption, default: 300, description: "how long the link works" },
    pathBound: pathBoundOption,
    qr: {
      kind: "flag",
      description: "draw the link as a QR code, for the camera of a device (almost 80 columns wide)",
    },
    json: jsonOption,
  },
  examples: [
    { command: "portcullis sign https://example.com/a.ipa --private-key key.pem", meaning: "a link for five minutes" },
    {
      command: "portcullis sign https://example.com/a.ipa --private-key key.pem --qr",
      meaning: "for the camera of an iPad",
    },
  ],
});
