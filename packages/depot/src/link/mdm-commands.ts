import {
  installApplicationCommand,
  installEnterpriseApplicationCommand,
  managedAppDeclaration,
  microMdmCommand,
  packageDeclaration,
} from "@portcullis/issuer";

/** What to give to an MDM so that it installs what a link leads to. */
export interface MdmCommand {
  readonly name: string;
  /** What to do with the text. */
  readonly how: string;
  readonly text: string;
}

/** What is installed. */
export interface InstalledItem {
  readonly kind: "ipa" | "pkg";
  readonly bundleIdentifier: string;
  readonly manifestUrl: string;
}

/** The commands of the MDMs that take a static manifest URL. */
export function mdmCommands({ kind, bundleIdentifier, manifestUrl }: InstalledItem): readonly MdmCommand[] {
  const isApp = kind === "ipa";
  const command = isApp
    ? installApplicationCommand({ manifestUrl, managementFlags: 1 })
    : installEnterpriseApplicationCommand({ manifestUrl });
  const requestType = isApp ? "InstallApplication" : "InstallEnterpriseApplication";
  const micromdm = microMdmCommand({ udid: "UDID", requestType, manifestUrl });
  const identifier = `${bundleIdentifier}.install`;
  const declaration = isApp
    ? managedAppDeclaration({ identifier, manifestUrl, automaticUpdates: true })
    : packageDeclaration({ identifier, manifestUrl });
  const saved = `cat > install.plist <<'END'\n${command.trim()}\nEND\n`;
  return [
    {
      name: "NanoMDM",
      how: "Run it with your server, its API key, and the enrollment ID of the device.",
      text: `${saved}curl -u nanomdm:API_KEY -T install.plist https://MDM_SERVER/v1/enqueue/ENROLLMENT_ID`,
    },
    {
      name: "MicroMDM",
      how: "Run it with your server, its API token, and the UDID of the device.",
      text: `curl -u micromdm:API_TOKEN https://MDM_SERVER/v1/commands -d '${JSON.stringify(micromdm)}'`,
    },
    {
      name: "Fleet",
      how: "Run it with the name of the host.",
      text: `${saved}fleetctl mdm run-command --hosts=HOST --payload=install.plist`,
    },
    {
      name: "Workspace ONE",
      how: "On the device's page, choose More Actions > Custom Command, and paste it.",
      text: innerDictionary(command),
    },
    {
      name: "Declarative management",
      how: "Give this configuration to your MDM. The device reads the manifest again about every 24 hours.",
      text: JSON.stringify(declaration, undefined, 2),
    },
  ];
}

/** Workspace ONE takes only the dictionary of the key `Command`, and adds the rest itself. */
function innerDictionary(command: string): string {
  const start = command.indexOf("<dict>", command.indexOf("<key>Command</key>"));
  const inner = command.slice(start, command.indexOf("<key>CommandUUID</key>"));
  const lines = inner.trimEnd().split("\n");
  const indent = /^\s*/.exec(lines.at(-1) ?? "")?.[0] ?? "";
  return lines.map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line)).join("\n");
}
