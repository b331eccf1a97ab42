import { X509Certificate } from "node:crypto";
import { checkHttpsUrl } from "../manifest/asset-url.ts";
import { lintManifest } from "../manifest/lint-manifest.ts";
import { describeFinding } from "../manifest/manifest-finding.ts";
import { type PropertyListDictionary, readPropertyList } from "../property-list/property-list.ts";
import { type InstallOptions, installKeys } from "./install-application.ts";
import { invalidCommand, writeMdmCommand } from "./mdm-command.ts";

/** Options of {@link installEnterpriseApplicationCommand}: the manifest itself, or where it is. */
export type InstallEnterpriseApplicationOptions = InstallOptions & (InlineManifest | ManifestByUrl);

/** The manifest travels in the command. */
export interface InlineManifest {
  /** The text of an app manifest, as `appManifest` writes it. */
  readonly manifest: string;
  readonly manifestUrl?: never;
}

/** The device fetches the manifest. */
export interface ManifestByUrl {
  readonly manifest?: never;
  /** `https:`, with its token if the manifest is protected. */
  readonly manifestUrl: string | URL;
  /** The only certificates to accept from the server of the manifest: PEM text or DER. */
  readonly pinningCertificates?: readonly (string | Uint8Array)[] | undefined;
  /** Whether such a certificate must be known not to be revoked. Default `false`. */
  readonly pinningRevocationCheckRequired?: boolean | undefined;
}

/**
 * Writes an `InstallEnterpriseApplication` command (Apple,
 * mdm/commands/application.install.enterprise.yaml) for macOS, as an XML property list.
 *
 * A Mac acknowledges the command before it downloads, and never reports a failed download: look in
 * the log of the gate.
 *
 * @throws {IssuerError} `command_invalid` or `url_…`
 *
 * @example
 * const manifest = await issuer.appManifest({ ...metadata, softwarePackage: { url, hashes } });
 * const command = installEnterpriseApplicationCommand({ manifest, installAsManaged: true });
 */
export function installEnterpriseApplicationCommand(options: InstallEnterpriseApplicationOptions): string {
  const command = {
    RequestType: "InstallEnterpriseApplication",
    ...manifestKeys(options),
    ...installKeys(options),
  };
  return writeMdmCommand(command, options);
}

function manifestKeys(options: InlineManifest | ManifestByUrl): PropertyListDictionary {
  if ((options.manifest === undefined) === (options.manifestUrl === undefined)) {
    throw invalidCommand("manifest, manifestUrl: give one of the two.");
  }
  if (options.manifest !== undefined) return { Manifest: readManifest(options.manifest) };
  const { manifestUrl, pinningCertificates, pinningRevocationCheckRequired } = options;
  return {
    ManifestURL: checkHttpsUrl(manifestUrl),
    ManifestURLPinningCerts: pinningCertificates?.map(certificateBytes),
    PinningRevocationCheckRequired: pinningRevocationCheckRequired,
  };
}

/** Reads the text of a manifest in order to put it into a command; what devices choke on is refused. */
export function readManifest(text: string): PropertyListDictionary {
  const [error] = lintManifest(text).errors;
  if (error) throw invalidCommand(`manifest: ${describeFinding(error)}`);
  return readPropertyList(text) as PropertyListDictionary;
}

function certificateBytes(certificate: string | Uint8Array): Uint8Array {
  try {
    return new X509Certificate(certificate).raw;
  } catch {
    throw invalidCommand("pinningCertificates: give X.509 certificates as PEM text or DER bytes.");
  }
}
