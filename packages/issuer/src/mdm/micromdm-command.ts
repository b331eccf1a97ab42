import { checkHttpsUrl } from "../manifest/asset-url.ts";
import { isDictionary, type PropertyListDictionary } from "../property-list/property-list.ts";
import { readManifest } from "./install-enterprise-application.ts";
import { invalidCommand, oneOf, requiredText } from "./mdm-command.ts";

/** Options of {@link microMdmCommand}. */
export interface MicroMdmOptions {
  /** The device's UDID. */
  readonly udid: string;
  /** `InstallApplication` takes `manifestUrl` only. */
  readonly requestType: "InstallApplication" | "InstallEnterpriseApplication";
  /** Where the app manifest is: `https:`, with its token if it is protected. */
  readonly manifestUrl?: string | URL | undefined;
  /** The text of an app manifest with chunk hashes, to travel in the command. */
  readonly manifest?: string | undefined;
  /** Bits, with `InstallApplication` only: 1 removes the app with the MDM profile, 4 keeps its data out of backups. */
  readonly managementFlags?: 0 | 1 | 4 | 5 | undefined;
}

/** The body of a request to MicroMDM's `/v1/commands`; for `JSON.stringify`. */
export interface MicroMdmCommand {
  readonly udid: string;
  readonly request_type: string;
  readonly manifest_url?: string;
  readonly manifest?: PropertyListDictionary;
  readonly management_flags?: number;
}

/**
 * Makes a command in MicroMDM's own JSON.
 *
 * What that JSON cannot say is refused: whole-file hashes in an inline manifest, which MicroMDM
 * would drop without a word. For books it knows no `Kind`; send `installMediaCommand` there as a raw
 * command instead. NanoMDM takes the property lists of the other functions as they are.
 *
 * @throws {IssuerError} `command_invalid` or `url_…`
 *
 * @example
 * const command = microMdmCommand({ udid, requestType: "InstallApplication", manifestUrl });
 * await fetch("https://mdm.example.com/v1/commands", { method: "POST", headers, body: JSON.stringify(command) });
 */
export function microMdmCommand(options: MicroMdmOptions): MicroMdmCommand {
  const { udid, requestType, manifestUrl, manifest, managementFlags } = options;
  requiredText(udid, "udid");
  oneOf(requestType, ["InstallApplication", "InstallEnterpriseApplication"], "requestType");
  if ((manifestUrl === undefined) === (manifest === undefined)) {
    throw invalidCommand("manifest, manifestUrl: give one of the two.");
  }
  if (requestType === "InstallApplication" && manifest !== undefined) {
    throw invalidCommand("manifest: InstallApplication takes manifestUrl only.");
  }
  if (managementFlags !== undefined) {
    oneOf(managementFlags, requestType === "InstallApplication" ? [0, 1, 4, 5] : [], "managementFlags");
  }
  return {
    udid,
    request_type: requestType,
    ...(manifestUrl !== undefined && { manifest_url: checkHttpsUrl(manifestUrl) }),
    ...(manifest !== undefined && { manifest: chunkedManifest(manifest) }),
    ...(managementFlags !== undefined && { management_flags: managementFlags }),
  };
}

function chunkedManifest(text: string): PropertyListDictionary {
  const manifest = readManifest(text);
  const assets = [manifest.items].flat().flatMap((item) => (isDictionary(item) ? item.assets : []));
  for (const asset of assets.flat()) {
    if (isDictionary(asset) && ("sha256" in asset || "md5" in asset)) {
      throw invalidCommand("manifest: MicroMDM drops whole-file hashes; hash the file in chunks.");
    }
  }
  return manifest;
}
