import { readBinaryPlist } from "../property-list/binary-plist.ts";
import { decodeXml } from "../property-list/decode-text.ts";
import { readOpenStepPlist } from "../property-list/openstep-plist.ts";
import { parsePlistXml } from "../property-list/plist-xml.ts";
import { isDictionary, type PropertyListDictionary, readPlistElement } from "../property-list/property-list.ts";
import { parseXml } from "../property-list/xml.ts";
import { lintAsset } from "./lint-asset.ts";
import { lintKeys, lintMissing } from "./lint-keys.ts";
import { lintRepeatedKeys } from "./lint-repeated-keys.ts";
import { createReport, type ManifestReport, type ReportFlaw } from "./manifest-finding.ts";
import { itemKeys, manifestKeys, metadataKeys } from "./manifest-schema.ts";

/** Options for checking a manifest. */
export interface LintManifestOptions {
  /** Whether the packages are behind a gate: if so, a package URL without a token produces a warning. Default `false`. */
  readonly expectTokens?: boolean | undefined;
}

/**
 * Checks an app manifest, or the one inside an MDM command, against Apple's schema and the known behaviour of devices.
 * Takes the bytes of a file in XML, binary or OpenStep format, or its text. Never throws, whatever the input, and never
 * repeats a URL.
 *
 * @example
 * const { valid, errors } = lintManifest(await readFile("manifest.plist"));
 * for (const { path, message } of errors) console.log(`${path}: ${message}`);
 */
export function lintManifest(
  source: string | Uint8Array,
  { expectTokens = false }: LintManifestOptions = {},
): ManifestReport {
  const { report, flaw } = createReport();
  const [manifest, path] = findManifest(readSource(source, flaw));
  if (isDictionary(manifest)) {
    lintKeys(manifest, manifestKeys, path, flaw);
    const itemsPath = path === "" ? "items" : `${path}.items`;
    for (const [item, itemPath] of members(manifest, "items", itemsPath, flaw)) {
      lintItem(item, itemPath, expectTokens, flaw);
    }
  } else if (path !== "") {
    flaw("key_missing", path, "This MDM command has no Manifest: check the manifest at its ManifestURL instead.");
  } else if (report().valid) {
    flaw("type_wrong", "", "The manifest is not a dictionary: it must have the key items.");
  }
  return report();
}

/** Reads a manifest in which {@link lintManifest} finds no error. */
export function readManifestSource(source: string | Uint8Array): PropertyListDictionary {
  const [manifest] = findManifest(readSource(source, () => {}));
  return manifest as PropertyListDictionary;
}

/** The manifest in an MDM command, with or without its envelope, or the value itself. */
function findManifest(value: unknown): readonly [manifest: unknown, path: string] {
  if (!isDictionary(value)) return [value, ""];
  const { Command, RequestType } = value;
  if (isDictionary(Command)) return [Command.Manifest, "Command.Manifest"];
  return RequestType === undefined ? [value, ""] : [value.Manifest, "Manifest"];
}

function readSource(source: string | Uint8Array, flaw: ReportFlaw): unknown {
  let text = "";
  try {
    if (isBinary(source)) return readBinaryPlist(source);
    text = typeof source === "string" ? source.replace(/^\uFEFF/, "") : decodeXml(source);
    if (/^\s*[^\s<]/.test(text)) return readOldStyle(text, flaw);
    const root = parsePlistXml(text);
    const value = readPlistElement(root);
    lintMarkup(text, root.name, flaw);
    lintRepeatedKeys(root, flaw);
    return value;
  } catch (error) {
    flaw("not_a_property_list", "", describeUnreadable(source, text, (error as Error).message));
    return undefined;
  }
}

/** A manifest is a dictionary; any other text, such as a server's error message, can be read as a string. */
function readOldStyle(text: string, flaw: ReportFlaw): Record<string, unknown> {
  const value = readOpenStepPlist(text);
  if (!isDictionary(value)) throw new Error("it is not a dictionary");
  const message = "This property list is in OpenStep format: devices read it, but other programs might not.";
  flaw("format_old", "", message);
  return value;
}

/** Reports what devices accept, but other programs that read the manifest might not. */
function lintMarkup(text: string, outermost: string, flaw: ReportFlaw): void {
  if (outermost !== "plist") {
    flaw(
      "plist_missing",
      "",
      "There is no plist element around the values: devices do not need it, but other programs do.",
    );
  }
  try {
    parseXml(text);
  } catch (error) {
    const { message } = error as Error;
    flaw("xml_malformed", "", `Devices read this, but other programs might not: ${message}.`);
  }
}

function isBinary(source: string | Uint8Array): source is Uint8Array {
  return typeof source !== "string" && Buffer.from(source.subarray(0, 6)).toString("latin1") === "bplist";
}

function lintItem(item: Record<string, unknown>, path: string, expectTokens: boolean, flaw: ReportFlaw): void {
  lintKeys(item, itemKeys, path, flaw);
  const assets = members(item, "assets", `${path}.assets`, flaw);
  const byKind = new Map<unknown, Record<string, unknown>>();
  for (const [asset, assetPath] of assets) {
    const other = byKind.get(asset.kind);
    if (other) lintRepeatedAsset(asset, other, assetPath, flaw);
    else byKind.set(asset.kind, asset);
    lintAsset(asset, assetPath, expectTokens, flaw);
  }
  const softwarePackage = byKind.get("software-package");
  if (assets.length > 0 && !softwarePackage) {
    flaw(
      "package_missing",
      `${path}.assets`,
      "There is no asset of kind software-package: nothing would be installed.",
    );
  }
  lintMetadata(item, path, isMacPackage(softwarePackage?.url), flaw);
}

function lintRepeatedAsset(
  asset: Record<string, unknown>,
  other: Record<string, unknown>,
  path: string,
  flaw: ReportFlaw,
): void {
  const hashes = (of: Record<string, unknown>): string => JSON.stringify([of.sha256, of.sha256s, of.md5, of.md5s]);
  if (asset.url === other.url && hashes(asset) !== hashes(other)) {
    flaw("hash_conflict", path, "There is another asset with this kind and URL, but with different hashes: keep one.");
  } else {
    flaw("asset_repeated", path, "There is another asset of this kind: keep one of each.");
  }
}

function lintMetadata({ metadata }: Record<string, unknown>, path: string, forMac: boolean, flaw: ReportFlaw): void {
  const metadataPath = `${path}.metadata`;
  if (metadata === undefined) lintMissing("metadata", path, flaw, forMac);
  if (!isDictionary(metadata)) return;
  lintKeys(metadata, metadataKeys, metadataPath, flaw, forMac);
  const { "bundle-version": version, "bundle-identifier": identifier } = metadata;
  if (version === undefined) {
    flaw(
      "version_missing",
      metadataPath,
      "There is no bundle-version: declarative packages and automatic updates need it.",
    );
  }
  if (typeof identifier === "string" && identifier !== "" && !/^[A-Za-z0-9._-]+$/.test(identifier)) {
    flaw(
      "identifier_unusual",
      `${metadataPath}.bundle-identifier`,
      "The identifier has unusual characters: it must equal the app's own, or the device removes the app.",
    );
  }
}

/** Whether the path of a package's URL ends in `.pkg`. */
function isMacPackage(url: unknown): boolean {
  return typeof url === "string" && /\.pkg$/i.test(url.split(/[?#]/, 1)[0] ?? "");
}

/** The dictionaries in an array, each with its path; any other member is a flaw. */
function members(
  parent: Record<string, unknown>,
  key: string,
  path: string,
  flaw: ReportFlaw,
): [Record<string, unknown>, string][] {
  const { [key]: array } = parent;
  if (!Array.isArray(array)) return [];
  if (array.length === 0) flaw("value_empty", path, "The array is empty.");
  const found: [Record<string, unknown>, string][] = [];
  for (const [index, member] of array.entries()) {
    const memberPath = `${path}[${index}]`;
    if (isDictionary(member)) found.push([member, memberPath]);
    else flaw("type_wrong", memberPath, "It must be a dictionary.");
  }
  return found;
}

function describeUnreadable(source: string | Uint8Array, text: string, problem: string): string {
  if (isBinary(source)) return "This is a damaged binary property list: copy it again.";
  if (text.startsWith("bplist")) return "This is a binary property list that was read as text: pass its bytes.";
  if (text !== "" && !text.trimStart().startsWith("<")) {
    return "This is not an XML property list, nor XML of any kind: it must begin with <?xml or <plist.";
  }
  if (/&(?!#?\w+;)/.test(text)) {
    return "This is not well-formed XML: an ampersand is not escaped; write &amp; in every URL.";
  }
  return `This is not an XML property list: ${problem}.`;
}
