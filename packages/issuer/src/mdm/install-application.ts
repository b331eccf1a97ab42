import { checkHttpsUrl } from "../manifest/asset-url.ts";
import type { PropertyListDictionary } from "../property-list/property-list.ts";
import { type MdmCommandOptions, oneOf, writeMdmCommand } from "./mdm-command.ts";

/** What `InstallApplication` and `InstallEnterpriseApplication` have in common. */
export interface InstallOptions extends MdmCommandOptions {
  /** Bits: 1 removes the app with the MDM profile, 4 keeps its data out of backups (not on macOS). */
  readonly managementFlags?: 0 | 1 | 4 | 5 | undefined;
  /** Take over management of an app that the user has installed. Default `false`. */
  readonly takeManagement?: boolean | undefined;
  /** macOS 11 and later: install as a managed app. Default `false`. */
  readonly installAsManaged?: boolean | undefined;
  /** The app's first configuration. */
  readonly configuration?: PropertyListDictionary | undefined;
}

/** Options of {@link installApplicationCommand}. */
export interface InstallApplicationOptions extends InstallOptions {
  /** Where the app manifest is: `https:`, with its token if it is protected. */
  readonly manifestUrl: string | URL;
  /** The app's attributes, such as `VPNUUID` or `Removable`; not on macOS. */
  readonly attributes?: PropertyListDictionary | undefined;
}

/**
 * Writes an `InstallApplication` command (Apple, mdm/commands/application.install.yaml) for iOS,
 * iPadOS, tvOS, visionOS and macOS, as an XML property list.
 *
 * @throws {IssuerError} `command_invalid` or `url_…`
 *
 * @example
 * const manifestUrl = await issuer.downloadUrl("https://example.com/apps/example.plist");
 * const command = installApplicationCommand({ manifestUrl, managementFlags: 1 });
 */
export function installApplicationCommand(options: InstallApplicationOptions): string {
  const { manifestUrl, attributes } = options;
  const command = {
    RequestType: "InstallApplication",
    ManifestURL: checkHttpsUrl(manifestUrl),
    ...installKeys(options),
    Attributes: attributes,
  };
  return writeMdmCommand(command, options);
}

/** The keys of {@link InstallOptions}. */
export function installKeys(options: InstallOptions): PropertyListDictionary {
  const { managementFlags, takeManagement = false, installAsManaged, configuration } = options;
  if (managementFlags !== undefined) oneOf(managementFlags, [0, 1, 4, 5], "managementFlags");
  return {
    ManagementFlags: managementFlags,
    ChangeManagementState: takeManagement ? "Managed" : undefined,
    InstallAsManaged: installAsManaged,
    Configuration: configuration,
  };
}
