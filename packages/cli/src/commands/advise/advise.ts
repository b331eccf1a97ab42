import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import { expiryOption } from "../../signing/signing-options.ts";

/** `portcullis advise`: which Token Expiry should Jamf Pro have? */
export const advise = defineCommand({
  name: "advise",
  summary: "recommend a Token Expiry for Jamf Pro from the log of serve",
  description:
    "Reads the JSON log of portcullis serve, gzipped or not, and shows how long after the install command devices start to download, how long transfers take, and how many resumed downloads were refused because their token had expired. Then recommends a Token Expiry of 5 to 120 minutes.",
  operands: {
    logs: { placeholder: "LOG", description: "logs, oldest first, or - for standard input", variadic: true },
  },
  options: {
    expiry: {
      ...expiryOption,
      description: "the Token Expiry that Jamf Pro had while the log was written (default: inferred from the log)",
    },
    json: jsonOption,
  },
  examples: [{ command: "portcullis advise /var/log/portcullis/*.log --expiry 5", meaning: "is five minutes enough?" }],
});
