import type { PropertyListDictionary } from "../property-list/property-list.ts";
import { type AppAttributes, commandAttributes, conflictOfAttributes } from "./app-attributes.ts";
import type { OptionRules } from "./command-schema.ts";
import { type MdmCommandOptions, writeMdmCommand } from "./mdm-command.ts";

/** What `InstallApplication` and `InstallEnterpriseApplication` have in common. */
export interface InstallOptions extends MdmCommandOptions {
  /**
   * Take over management of an app that the user has installed. Default `false`. On a Mac this requires
   * `installAsManaged`.
   */
  readonly takeManagement?: boolean | undefined;
  /** macOS 11 and later: install as a managed app. Default `false`. */
  readonly installAsManaged?: boolean | undefined;
  /** macOS 11 and later: the app is an iOS app, for a Mac with Apple silicon. Default `false`. */
  readonly iOSApp?: boolean | undefined;
  /** The app's initial configuration. */
  readonly configuration?: PropertyListDictionary | undefined;
}

/** Options of {@link installApplicationCommand}. */
export interface InstallApplicationOptions extends InstallOptions {
  /** The URL of the app manifest: `https:`, with its token if it is protected. */
  readonly manifestUrl: string | URL;
  /** Bits: 1 removes the app with the MDM profile (on a Mac, with `installAsManaged`), 4 keeps its data out of backups. */
  readonly managementFlags?: 1 | 4 | 5 | undefined;
  /** The app's initial attributes; not on macOS. */
  readonly attributes?: AppAttributes | undefined;
}

// Apple, device-management, OS 26 releases: mdm/commands/application.install.yaml.
const rules: OptionRules = {
  manifestUrl: { key: "ManifestURL", type: "url", required: true },
  managementFlags: {
    key: "ManagementFlags",
    type: "integer",
    values: [1, 4, 5],
    conflict: (options) => (options.managementFlags === 4 ? undefined : unlessManagedOnMac(options)),
  },
  configuration: { key: "Configuration", type: "dictionary" },
  attributes: { key: "Attributes", type: "object", keys: commandAttributes, conflict: conflictOfAttributes },
  takeManagement: {
    key: "ChangeManagementState",
    type: "boolean",
    written: "Managed",
    conflict: (options) => (options.takeManagement === true ? unlessManagedOnMac(options) : undefined),
  },
  installAsManaged: { key: "InstallAsManaged", type: "boolean" },
  iOSApp: { key: "iOSApp", type: "boolean" },
};

/**
 * Without `installAsManaged`, the command might be for an iPhone, which does not need it, unless `iOSApp` says that it
 * is for a Mac.
 */
function unlessManagedOnMac({ installAsManaged, iOSApp }: Readonly<Record<string, unknown>>): string | undefined {
  return installAsManaged === false || (iOSApp === true && installAsManaged !== true) ? needsManaged : undefined;
}

/** Why `takeManagement` and `managementFlags` have no effect on a Mac. */
export const needsManaged = "on a Mac it has an effect only with installAsManaged: true";

/**
 * Writes an `InstallApplication` command for iOS, iPadOS, tvOS, visionOS, watchOS and macOS, as an XML
 * property list.
 *
 * @throws {IssuerError} `command_invalid` or `url_…`
 *
 * @example
 * const manifestUrl = await issuer.downloadUrl("https://example.com/apps/example.plist");
 * const command = installApplicationCommand({ manifestUrl, managementFlags: 1 });
 */
export function installApplicationCommand(options: InstallApplicationOptions): string {
  return writeMdmCommand("InstallApplication", options, rules);
}
