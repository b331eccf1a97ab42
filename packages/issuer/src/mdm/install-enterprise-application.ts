import { X509Certificate } from "node:crypto";
import { lintManifest, readManifestSource } from "../manifest/lint-manifest.ts";
import { describeFinding } from "../manifest/manifest-finding.ts";
import type { PropertyListDictionary } from "../property-list/property-list.ts";
import { invalidCommand, type OptionRules } from "./command-schema.ts";
import { type InstallOptions, needsManaged } from "./install-application.ts";
import { writeMdmCommand } from "./mdm-command.ts";

/** Options of {@link installEnterpriseApplicationCommand}: the manifest itself, or its URL. */
export type InstallEnterpriseApplicationOptions = EnterpriseOptions & (InlineManifest | ManifestByUrl);

/** Options that do not depend on where the manifest is. */
export interface EnterpriseOptions extends InstallOptions {
  /** Bits: 1 removes the app with the MDM profile; only with `installAsManaged`. */
  readonly managementFlags?: 1 | undefined;
}

/** The manifest is part of the command. */
export interface InlineManifest {
  /** The text of an app manifest, as `appManifest` writes it. */
  readonly manifest: string | Uint8Array;
  readonly manifestUrl?: never;
  readonly pinningCertificates?: never;
  readonly pinningRevocationCheckRequired?: never;
}

/** The device fetches the manifest. */
export interface ManifestByUrl {
  readonly manifest?: never;
  /** `https:`, with its token if the manifest is protected. */
  readonly manifestUrl: string | URL;
  /** The only certificates to accept from the server of the manifest: PEM text or DER. */
  readonly pinningCertificates?: readonly (string | Uint8Array)[] | undefined;
  /** Whether the revocation check of a pinned certificate must succeed. Default `false`. */
  readonly pinningRevocationCheckRequired?: boolean | undefined;
}

type Options = Readonly<Record<string, unknown>>;
const unlessManaged = ({ installAsManaged }: Options): string | undefined =>
  installAsManaged === true ? undefined : needsManaged;

// Apple, device-management, OS 26 releases: mdm/commands/application.install.enterprise.yaml.
const rules: OptionRules = {
  manifest: { key: "Manifest", type: "custom", read: readManifest },
  manifestUrl: { key: "ManifestURL", type: "url" },
  pinningCertificates: {
    key: "ManifestURLPinningCerts",
    type: "array",
    members: { type: "custom", read: certificateBytes },
    conflict: ({ manifestUrl }) => (manifestUrl === undefined ? "devices ignore it without manifestUrl" : undefined),
  },
  pinningRevocationCheckRequired: {
    key: "PinningRevocationCheckRequired",
    type: "boolean",
    conflict: ({ pinningCertificates }) =>
      pinningCertificates === undefined ? "it needs pinningCertificates" : undefined,
  },
  managementFlags: { key: "ManagementFlags", type: "integer", values: [1], conflict: unlessManaged },
  configuration: { key: "Configuration", type: "dictionary" },
  takeManagement: {
    key: "ChangeManagementState",
    type: "boolean",
    written: "Managed",
    conflict: (options) => (options.takeManagement === true ? unlessManaged(options) : undefined),
  },
  installAsManaged: { key: "InstallAsManaged", type: "boolean" },
  iOSApp: { key: "iOSApp", type: "boolean" },
};

/**
 * Writes an `InstallEnterpriseApplication` command for macOS, as an XML property list.
 *
 * A Mac acknowledges the command before it downloads, and does not report a failed download: see the
 * gate's log.
 *
 * @throws {IssuerError} `command_invalid` or `url_…`
 *
 * @example
 * const manifest = await issuer.appManifest({ ...metadata, softwarePackage: { url, hashes } });
 * const command = installEnterpriseApplicationCommand({ manifest, installAsManaged: true });
 */
export function installEnterpriseApplicationCommand(options: InstallEnterpriseApplicationOptions): string {
  const command = writeMdmCommand("InstallEnterpriseApplication", options, rules);
  checkOneManifest(options);
  return command;
}

/** Checks that exactly one of the two is given. */
export function checkOneManifest({ manifest, manifestUrl }: { manifest?: unknown; manifestUrl?: unknown }): void {
  if ((manifest === undefined) === (manifestUrl === undefined)) {
    throw invalidCommand("manifest, manifestUrl: pass exactly one of the two.");
  }
}

/** Reads the text of a manifest into the dictionary for a command; refuses what devices refuse. */
export function readManifest(text: unknown, path = "manifest"): PropertyListDictionary {
  if (typeof text !== "string" && !(text instanceof Uint8Array)) {
    throw invalidCommand(`${path}: must be the text of an app manifest.`);
  }
  const [error] = lintManifest(text).errors;
  if (error) throw invalidCommand(`${path}: ${describeFinding(error)}`);
  return readManifestSource(text);
}

function certificateBytes(certificate: unknown, path: string): Uint8Array {
  try {
    return new X509Certificate(certificate as string | Uint8Array).raw;
  } catch {
    throw invalidCommand(`${path}: must be an X.509 certificate as PEM text or DER bytes.`);
  }
}
