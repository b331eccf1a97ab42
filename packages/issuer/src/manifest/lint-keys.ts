import { isDictionary } from "../property-list/property-list.ts";
import type { ReportFlaw } from "./manifest-finding.ts";
import type { ManifestKey, ManifestKeys } from "./manifest-schema.ts";

/** Judges the keys of one dictionary of a manifest by their schema. */
export function lintKeys(
  dictionary: Record<string, unknown>,
  schema: ManifestKeys,
  path: string,
  flaw: ReportFlaw,
): void {
  for (const [key, rule] of Object.entries(schema)) {
    if (rule.required && !(key in dictionary)) {
      flaw("key_missing", path, `The key ${key} is missing.`);
    }
  }
  for (const [key, value] of Object.entries(dictionary)) {
    const rule = Object.hasOwn(schema, key) ? schema[key] : undefined;
    const keyPath = path === "" ? key : `${path}.${key}`;
    if (!rule) flaw("key_unknown", keyPath, "Apple's schema does not know this key.");
    else lintValue(value, rule, keyPath, flaw);
  }
}

function lintValue(value: unknown, rule: ManifestKey, path: string, flaw: ReportFlaw): void {
  if (!hasType(value, rule.type)) {
    flaw("type_wrong", path, `It must be ${typeNames[rule.type]}.`);
  } else if (rule.required && typeof value === "string" && value.trim() === "") {
    flaw("value_empty", path, "It is empty.");
  } else if (rule.values && !rule.values.includes(value as string)) {
    flaw("value_not_allowed", path, `It must be ${rule.values.join(", or ")}.`);
  }
  if (rule.removed) {
    flaw("key_removed", path, "Apple has removed this key: devices take no notice of it.");
  }
}

const typeNames: Record<ManifestKey["type"], string> = {
  string: "a string",
  integer: "a whole number above 0",
  boolean: "true or false",
  array: "an array",
  dictionary: "a dictionary",
  strings: "an array of strings",
};

function hasType(value: unknown, type: ManifestKey["type"]): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "integer":
      return Number.isSafeInteger(value) && (value as number) > 0;
    case "array":
      return Array.isArray(value);
    case "dictionary":
      return isDictionary(value);
    case "strings":
      return Array.isArray(value) && value.every((member) => typeof member === "string");
  }
}
