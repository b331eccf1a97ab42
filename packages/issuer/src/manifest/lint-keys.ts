import { isDictionary } from "../property-list/property-list.ts";
import type { ReportFlaw } from "./manifest-finding.ts";
import type { ManifestKey, ManifestKeys } from "./manifest-schema.ts";

/**
 * Checks the keys of one dictionary of a manifest against their schema.
 *
 * @param forMac - whether the manifest is for Macs, which do not need the metadata
 */
export function lintKeys(
  dictionary: Record<string, unknown>,
  schema: ManifestKeys,
  path: string,
  flaw: ReportFlaw,
  forMac = false,
): void {
  for (const [key, rule] of Object.entries(schema)) {
    if (rule.required && !Object.hasOwn(dictionary, key)) lintMissing(key, path, flaw, forMac);
  }
  for (const [key, value] of Object.entries(dictionary)) {
    const rule = Object.hasOwn(schema, key) ? schema[key] : undefined;
    const keyPath = path === "" ? shown(key) : `${path}.${shown(key)}`;
    if (!rule) flaw("key_unknown", keyPath, "Apple's schema does not have this key.");
    else if (rule.removed) flaw("key_removed", keyPath, "Apple has removed this key: devices ignore it.");
    else lintValue(value, rule, keyPath, flaw);
  }
}

/** A key as a part of a path. A key that is not a plain name is not shown: it might be a misplaced URL with a token. */
function shown(key: string): string {
  return /^[\w .-]{0,60}$/.test(key) ? key : `(a key of ${key.length} characters)`;
}

function lintValue(value: unknown, rule: ManifestKey, path: string, flaw: ReportFlaw): void {
  if (!hasType(value, rule.type)) {
    flaw("type_wrong", path, `It must be ${rule.type === "array" ? "an" : "a"} ${rule.type}.`);
  } else if (rule.filled && (value as string).trim() === "") {
    flaw("value_empty", path, "It is empty.");
  } else if (rule.values && !rule.values.includes(value as string)) {
    flaw("value_not_allowed", path, `It must be ${rule.values.join(", or ")}.`);
  } else if (typeof value === "string" && hasPlaceholder(value)) {
    flaw("placeholder_left", path, "It contains a placeholder, such as $(NAME), that was not replaced.");
  }
}

function hasType(value: unknown, type: ManifestKey["type"]): boolean {
  if (type === "any") return true;
  if (type === "array") return Array.isArray(value);
  return type === "dictionary" ? isDictionary(value) : typeof value === "string";
}

/** Reports a missing key; a Mac installs a package without metadata, an iPhone or iPad does not. */
export function lintMissing(key: string, path: string, flaw: ReportFlaw, forMac: boolean): void {
  if (forMac) flaw("metadata_missing", path, `The key ${key} is missing: an iPhone or iPad needs it, a Mac does not.`);
  else flaw("key_missing", path, `The key ${key} is missing.`);
}

const placeholders = [
  ["${", "}"],
  ["$(", ")"],
  ["{{", "}}"],
  ["[[", "]]"],
  ["#{", "}"],
  ["<%", "%>"],
] as const;

/** `%NAME%`, `@NAME@` and `__NAME__`, as Windows, Autoconf and many scripts write placeholders. */
const capitalPlaceholder = /%(?![0-9A-F]{2})[A-Z][A-Z0-9_]+%|@[A-Z][A-Z0-9_]+@|__[A-Z][A-Z0-9_]*__/;

/** Whether text contains a placeholder that a build tool or template should have replaced. */
export function hasPlaceholder(text: string): boolean {
  if (capitalPlaceholder.test(text)) return true;
  return placeholders.some(([open, close]) => {
    const start = text.indexOf(open);
    return start !== -1 && text.includes(close, start);
  });
}
