import { issuerError } from "../issuer-error.ts";
import { type PropertyListDictionary, writePropertyList } from "../property-list/property-list.ts";
import { findUnknownName } from "../unknown-name.ts";
import { checkHttpsUrl } from "./asset-url.ts";
import type { FileHashes } from "./file-hashes.ts";
import { lintManifest } from "./lint-manifest.ts";
import { describeFinding } from "./manifest-finding.ts";

/** The content of an app manifest: the app's names and the URLs of its files. */
export interface AppManifestOptions extends AppMetadata {
  /** The `.ipa` or `.pkg`. */
  readonly softwarePackage: ManifestAsset | string | URL;
  /** The icon shown during installation, 57 × 57 pixels, PNG. */
  readonly displayImage?: ManifestAsset | string | URL | undefined;
  /** The large icon, 512 × 512 pixels, PNG. */
  readonly fullSizeImage?: ManifestAsset | string | URL | undefined;
  /** Metadata that is not, or no longer, in Apple's schema, such as `developer-name`. */
  readonly additionalMetadata?: PropertyListDictionary | undefined;
}

/** An app's names; `readPackage` reads them from the package. */
export interface AppMetadata {
  /** Shown during installation. */
  readonly title: string;
  /** It must equal the app's own: otherwise a device with iOS 9 or later removes the app. */
  readonly bundleIdentifier: string;
  /** Needed for declarative packages and automatic updates. */
  readonly bundleVersion?: string | undefined;
  /**
   * `CFBundleVersion`. It is appended to the version, as in `1.0 (8)`: devices update only when the
   * manifest's `bundle-version` changes, and a new build can have the same version.
   */
  readonly build?: string | undefined;
  /** The name of the app's developer. */
  readonly subtitle?: string | undefined;
}

/** One file that a device fetches. */
export interface ManifestAsset {
  /** Absolute, `https:` only. */
  readonly url: string | URL;
  /** From `hashFile`. Required for packages on macOS. */
  readonly hashes?: FileHashes | undefined;
  /**
   * Whether the URL gets a token. Default: the package's URL does, and an image's URL does if it has the
   * same origin as the package; another host must not receive the token.
   */
  readonly protected?: boolean | undefined;
  /** Keys that are not, or no longer, in Apple's schema, such as `needs-shine`. */
  readonly additionalKeys?: PropertyListDictionary | undefined;
}

/** Adds a token to a URL. */
export type ProtectUrl = (url: string) => Promise<string>;

/**
 * Writes an app manifest, with a token in the URL of every protected asset.
 *
 * Rejects with `url_…` for a URL that devices do not accept, and with `manifest_invalid` for a manifest
 * that Apple's schema does not allow.
 */
export async function writeAppManifest(options: AppManifestOptions, protectUrl: ProtectUrl): Promise<string> {
  checkOptionNames(options);
  const { title, subtitle, bundleIdentifier } = options;
  const { softwarePackage, displayImage, fullSizeImage, additionalMetadata } = options;
  const { origin } = new URL(checkHttpsUrl(expand(softwarePackage).url));

  async function asset(kind: string, given: ManifestAsset | string | URL): Promise<PropertyListDictionary> {
    const { url, hashes, additionalKeys, ...rest } = expand(given);
    const checked = checkHttpsUrl(url);
    const { protected: isProtected = new URL(checked).origin === origin } = rest;
    // The string "false" from a form or an environment variable would send the token to another host.
    if (typeof isProtected !== "boolean") throw invalid(`${kind}: protected must be true or false.`);
    const finalUrl = isProtected ? await protectUrl(checked) : checked;
    return { ...additionalKeys, kind, url: finalUrl, ...hashKeys(hashes) };
  }

  const assets = [await asset("software-package", softwarePackage)];
  if (displayImage !== undefined) assets.push(await asset("display-image", displayImage));
  if (fullSizeImage !== undefined) assets.push(await asset("full-size-image", fullSizeImage));
  const metadata = {
    ...additionalMetadata,
    "bundle-identifier": bundleIdentifier,
    "bundle-version": versionWithBuild(options),
    kind: "software",
    subtitle,
    title,
  };
  return serialise({ items: [{ assets, metadata }] });
}

const optionNames = [
  "title",
  "bundleIdentifier",
  "bundleVersion",
  "build",
  "subtitle",
  "softwarePackage",
  "displayImage",
  "fullSizeImage",
  "additionalMetadata",
];

function checkOptionNames(options: AppManifestOptions): void {
  const unknown = findUnknownName(options, optionNames);
  if (unknown) throw invalid(`${unknown.name}: ${unknown.problem}`);
  if (!options.softwarePackage) throw invalid("softwarePackage: must be the package's URL.");
}

function versionWithBuild({ bundleVersion, build }: AppMetadata): string | undefined {
  if (build !== undefined && (typeof build !== "string" || build === ""))
    throw invalid("build: must be a non-empty string.");
  if (bundleVersion === undefined || build === undefined || bundleVersion === build) return bundleVersion ?? build;
  return `${bundleVersion} (${build})`;
}

function expand(given: ManifestAsset | string | URL): ManifestAsset {
  return typeof given === "string" || given instanceof URL ? { url: given } : given;
}

function hashKeys(hashes: FileHashes | undefined): PropertyListDictionary {
  if (!hashes) return {};
  if ("sha256" in hashes) return { sha256: hashes.sha256, md5: hashes.md5 };
  const { chunkSize, sha256s, md5s } = hashes;
  const md5 = md5s && { "md5-size": chunkSize, md5s };
  return { "sha256-size": chunkSize, sha256s, ...md5 };
}

/** Refuses a manifest in which `lintManifest` finds an error. */
function serialise(manifest: PropertyListDictionary): string {
  let text: string;
  try {
    text = writePropertyList(manifest);
  } catch (error) {
    throw invalid(`The manifest cannot be written: ${(error as Error).message}.`);
  }
  const [error] = lintManifest(text).errors;
  if (error) throw invalid(describeFinding(error));
  return text;
}

function invalid(message: string): Error {
  return issuerError("manifest_invalid", message);
}
