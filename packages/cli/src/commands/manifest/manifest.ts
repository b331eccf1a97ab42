import { defineCommand } from "../../command-line/command.ts";
import { jsonOption } from "../../command-line/option.ts";
import { expiryOption, pathBoundOption, privateKeyOptionTable } from "../../signing/signing-options.ts";

/** `portcullis manifest`: the property list from which devices install an app. */
export const manifest = defineCommand({
  name: "manifest",
  summary: "create or check an app manifest, or print its install link",
  description:
    "Creates the app manifest of an .ipa or .pkg: title, identifier and version are read from the package, and its hashes are added. With --private-key, the URLs in it get a token, as if Jamf Pro had created it. The other options override what is read from the package, or add what it lacks. With --lint, checks an existing manifest, or the one in an MDM command. With --itms, prints the link that installs from a manifest.",
  operands: { file: { placeholder: "FILE", description: "an .ipa or .pkg", optional: true } },
  options: {
    url: { kind: "text", placeholder: "URL", description: "https:// URL from which devices download the file" },
    out: { kind: "text", short: "o", placeholder: "FILE", description: "write the manifest here (default: print it)" },
    title: {
      kind: "text",
      placeholder: "TEXT",
      description: "title shown during installation (default: the app's name)",
    },
    subtitle: { kind: "text", placeholder: "TEXT", description: "name of the app's developer" },
    identifier: { kind: "text", placeholder: "ID", description: "bundle identifier (default: the app's)" },
    bundleVersion: {
      kind: "text",
      placeholder: "VERSION",
      description: "version (default: the app's, with its build)",
    },
    icon: {
      kind: "text",
      placeholder: "URL",
      description: "https:// URL of an icon of 57 x 57 pixels, shown during installation",
    },
    image: { kind: "text", placeholder: "URL", description: "https:// URL of an image of 512 x 512 pixels" },
    wholeFile: { kind: "flag", description: "add one hash of the whole file instead of one for every 10 MiB" },
    md5: { kind: "flag", description: "add MD5 hashes as well, for old devices" },
    ...privateKeyOptionTable,
    expiry: { ...expiryOption, default: 300, description: "how long the tokens are valid" },
    pathBound: pathBoundOption,
    lint: { kind: "text", placeholder: "FILE", description: "check this manifest" },
    itms: { kind: "text", placeholder: "URL", description: "print the install link of the manifest at this URL" },
    qr: {
      kind: "flag",
      description: "with --itms: draw the link as a QR code (about 85 columns wide if it has a token)",
    },
    json: jsonOption,
  },
  examples: [
    { command: "portcullis manifest a.ipa --url https://example.com/a.ipa -o a.plist", meaning: "create one" },
    { command: "portcullis manifest --lint a.plist", meaning: "why does a device not install from it?" },
    { command: "portcullis manifest --itms https://example.com/a.plist --qr", meaning: "for the camera of an iPad" },
  ],
});
