import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import { expiryOption } from "../../signing/expiry-option.ts";

/** `portcullis advise`: which Token Expiry should Jamf Pro have? */
export const advise = defineCommand({
  name: "advise",
  summary: "say which Token Expiry Jamf Pro should have, by the log of serve",
  description:
    "Reads the JSON log of portcullis serve (gzip too) and shows how long after the install command devices come, how long transfers take, and how many downloads were refused because they had outlived their token; then says which Token Expiry, of 1 to 120 minutes, fits.",
  operands: {
    logs: { placeholder: "LOG", description: "logs in their order, or - for standard input", variadic: true },
  },
  options: {
    expiry: { ...expiryOption, description: "what Token Expiry was meanwhile (default: read off the log)" },
    json: jsonOption,
  },
  examples: [{ command: "portcullis advise /var/log/portcullis/*.log --expiry 5", meaning: "is five minutes enough?" }],
});
