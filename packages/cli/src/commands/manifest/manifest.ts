import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import { expiryOption, pathBoundOption, privateKeyOptionTable } from "../../signing/signing-options.ts";

/** `portcullis manifest`: the property list from which devices install an app. */
export const manifest = defineCommand({
  name: "manifest",
  summary: "create or check an app manifest, or print its install link",
  description:
    "Creates the app manifest of an .ipa or .pkg: title, identifier and version are read from the package, and its hashes are added. With --private-key, the URLs in it get a token, as if Jamf Pro had created it. The other options override what is read from the package, or add what cannot be read. With --lint, checks an existing manifest, or the one in an MDM command. With --itms, prints the link that installs from a manifest.",
  operands: { file: { placeholder: "FILE", description: "an .ipa or .pkg", optional: true } },
  options: {
    url: { kind: "text", placeholder: "URL", description: "where devices download the file; https" },
    out: { kind: "text", short: "o", placeholder: "FILE", description: "write the manifest here (default: print it)" },
    title: { kind: "text", placeholder: "TEXT", description: "shown while installing (default: the app's name)" },
    subtitle: { kind: "text", placeholder: "TEXT", description: "name of the app's developer" },
    identifier: { kind: "text", placeholder: "ID", description: "bundle identifier (default: the app's)" },
    bundleVersion: {
      kind: "text",
      placeholder: "VERSION",
      description: "version (default: the app's, with its build)",
    },
    icon: { kind: "text", placeholder: "URL", description: "icon of 57 x 57 pixels, shown while installing; https" },
    image: { kind: "text", placeholder: "URL", description: "image of 512 x 512 pixels; https" },
    wholeFile: { kind: "flag", description: "one hash of the whole file, not one for every 10 MiB" },
    md5: { kind: "flag", description: "add MD5 hashes, for old devices" },
    ...privateKeyOptionTable,
    expiry: { ...expiryOption, default: 300, description: "how long the tokens work" },
    pathBound: pathBoundOption,
    lint: { kind: "text", placeholder: "FILE", description: "check this manifest" },
    itms: { kind: "text", placeholder: "URL", description: "print the install link of the manifest at this URL" },
    qr: { kind: "flag", description: "with --itms: draw the link as a QR code (with a token some 85 columns)" },
    json: jsonOption,
  },
  examples: [
    { command: "portcullis manifest a.ipa --url https://example.com/a.ipa -o a.plist", meaning: "create one" },
    { command: "portcullis manifest --lint a.plist", meaning: "why does a device not install from it?" },
    { command: "portcullis manifest --itms https://example.com/a.plist --qr", meaning: "for the camera of an iPad" },
  ],
});
