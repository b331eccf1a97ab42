import { isDictionary, readPropertyList } from "../property-list/property-list.ts";
import { lintAsset } from "./lint-asset.ts";
import { lintKeys } from "./lint-keys.ts";
import { type ManifestFinding, manifestFinding, type ReportFlaw } from "./manifest-finding.ts";
import { itemKeys, manifestKeys, metadataKeys } from "./manifest-schema.ts";

/** What is wrong with a manifest. */
export interface ManifestReport {
  /** Whether there are no errors. */
  readonly valid: boolean;
  /** What devices choke on, in the order of the manifest. */
  readonly errors: readonly ManifestFinding[];
  /** What works and is unwise, or may not work everywhere. */
  readonly warnings: readonly ManifestFinding[];
}

/** How to look at a manifest. */
export interface LintManifestOptions {
  /** Whether the packages are behind a gate: then a package URL without a token is a warning. Default `false`. */
  readonly expectTokens?: boolean | undefined;
}

/**
 * Judges the text of an app manifest by Apple's schema and by what is known of devices. Never
 * throws, whatever the text is, and repeats no URL.
 *
 * @example
 * const { valid, errors } = lintManifest(await readFile("manifest.plist", "utf8"));
 * for (const { path, message } of errors) console.log(`${path}: ${message}`);
 */
export function lintManifest(text: string, { expectTokens = false }: LintManifestOptions = {}): ManifestReport {
  const findings: ManifestFinding[] = [];
  const flaw: ReportFlaw = (code, path, message) => {
    findings.push(manifestFinding(code, path, message));
  };
  let manifest: unknown;
  try {
    manifest = readPropertyList(text);
  } catch {
    flaw("not_a_property_list", "", describeUnreadable(text));
    return report(findings);
  }
  if (!isDictionary(manifest)) {
    flaw("type_wrong", "", "The manifest is not a dictionary: it must have the key items.");
    return report(findings);
  }
  lintKeys(manifest, manifestKeys, "", flaw);
  for (const [item, path] of members(manifest, "items", "items", flaw)) {
    lintItem(item, path, expectTokens, flaw);
  }
  return report(findings);
}

function lintItem(item: Record<string, unknown>, path: string, expectTokens: boolean, flaw: ReportFlaw): void {
  lintKeys(item, itemKeys, path, flaw);
  const kinds = new Set<unknown>();
  for (const [asset, assetPath] of members(item, "assets", `${path}.assets`, flaw)) {
    if (kinds.has(asset.kind)) {
      flaw("asset_repeated", assetPath, "There is another asset of this kind: keep one of each.");
    }
    kinds.add(asset.kind);
    lintAsset(asset, assetPath, expectTokens, flaw);
  }
  if (kinds.size > 0 && !kinds.has("software-package")) {
    flaw(
      "package_missing",
      `${path}.assets`,
      "There is no asset of kind software-package: nothing would be installed.",
    );
  }
  if (isDictionary(item.metadata)) lintMetadata(item.metadata, `${path}.metadata`, flaw);
}

function lintMetadata(metadata: Record<string, unknown>, path: string, flaw: ReportFlaw): void {
  lintKeys(metadata, metadataKeys, path, flaw);
  if (!("bundle-version" in metadata)) {
    flaw("version_missing", path, "There is no bundle-version: declarative packages and automatic updates need it.");
  }
  const { "bundle-identifier": identifier } = metadata;
  if (typeof identifier === "string" && identifier !== "" && !/^[A-Za-z0-9._-]+$/.test(identifier)) {
    flaw(
      "identifier_unusual",
      `${path}.bundle-identifier`,
      "The identifier has unusual characters: it must equal the app's own, or the device removes the app.",
    );
  }
}

/** The dictionaries of an array, each with its path; whatever else is in it is a flaw. */
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

function report(findings: readonly ManifestFinding[]): ManifestReport {
  const errors = findings.filter(({ severity }) => severity === "error");
  const warnings = findings.filter(({ severity }) => severity === "warning");
  return { valid: errors.length === 0, errors, warnings };
}

function describeUnreadable(text: string): string {
  if (text.startsWith("bplist")) {
    return "This is a binary property list: convert it with plutil -convert xml1.";
  }
  if (!/^[\s\uFEFF]*</.test(text)) {
    return "This is not an XML property list, nor XML of any kind: it must begin with <?xml or <plist.";
  }
  if (/&(?!#?\w+;)/.test(text)) {
    return "This is not well-formed XML: an ampersand stands alone; write &amp; in every URL.";
  }
  return "This is not an XML property list: it must be well-formed, with plist as its outermost element.";
}
