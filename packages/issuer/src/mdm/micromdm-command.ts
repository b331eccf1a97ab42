import { isDictionary, type PropertyListDictionary } from "../property-list/property-list.ts";
import { invalidCommand, type OptionRules, readOptions } from "./command-schema.ts";
import { checkOneManifest, readManifest } from "./install-enterprise-application.ts";

/** Options of {@link microMdmCommand}. */
export interface MicroMdmOptions {
  /** The device's UDID. */
  readonly udid: string;
  /** `InstallApplication` takes `manifestUrl` only. */
  readonly requestType: "InstallApplication" | "InstallEnterpriseApplication";
  /** The URL of the app manifest: `https:`, with its token if it is protected. */
  readonly manifestUrl?: string | URL | undefined;
  /** The text of an app manifest with chunk hashes, to be part of the command. */
  readonly manifest?: string | Uint8Array | undefined;
  /** Bits, with `InstallApplication` only: 1 removes the app with the MDM profile, 4 keeps its data out of backups. */
  readonly managementFlags?: 1 | 4 | 5 | undefined;
}

/** The body of a request to MicroMDM's `/v1/commands`; for `JSON.stringify`. */
export interface MicroMdmCommand {
  readonly udid: string;
  readonly request_type: string;
  readonly manifest_url?: string;
  readonly manifest?: PropertyListDictionary;
  readonly management_flags?: number;
}

const enterprise = "InstallEnterpriseApplication";

// MicroMDM's own names for the keys of Apple's commands.
const rules: OptionRules = {
  udid: { key: "udid", type: "string", required: true },
  requestType: { key: "request_type", type: "string", values: ["InstallApplication", enterprise], required: true },
  manifestUrl: { key: "manifest_url", type: "url" },
  manifest: {
    key: "manifest",
    type: "custom",
    read: readChunkedManifest,
    conflict: ({ requestType }) =>
      requestType === enterprise ? undefined : "InstallApplication takes manifestUrl only",
  },
  managementFlags: {
    key: "management_flags",
    type: "integer",
    values: [1, 4, 5],
    conflict: ({ requestType }) =>
      requestType === enterprise ? "MicroMDM sends it with InstallApplication only" : undefined,
  },
};

/**
 * Creates a command in MicroMDM's own JSON.
 *
 * What that JSON cannot express is refused: whole-file hashes in an inline manifest, which MicroMDM
 * drops silently. It has no `Kind` for books: send the output of `installMediaCommand` as a raw command
 * instead. NanoMDM accepts the property lists of the other functions as they are.
 *
 * @throws {IssuerError} `command_invalid` or `url_…`
 *
 * @example
 * const command = microMdmCommand({ udid, requestType: "InstallApplication", manifestUrl });
 * await fetch("https://mdm.example.com/v1/commands", { method: "POST", headers, body: JSON.stringify(command) });
 */
export function microMdmCommand(options: MicroMdmOptions): MicroMdmCommand {
  const command = readOptions(options, rules);
  checkOneManifest(options);
  return command as unknown as MicroMdmCommand;
}

function readChunkedManifest(text: unknown, path: string): PropertyListDictionary {
  const manifest = readManifest(text, path);
  const assets = [manifest.items].flat().flatMap((item) => (isDictionary(item) ? item.assets : []));
  for (const asset of assets.flat()) {
    if (isDictionary(asset) && ("sha256" in asset || "md5" in asset)) {
      throw invalidCommand(`${path}: MicroMDM drops whole-file hashes; hash the file in chunks.`);
    }
  }
  return manifest;
}
