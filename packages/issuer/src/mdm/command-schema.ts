import { isIssuerError, issuerError } from "../issuer-error.ts";
import { checkHttpsUrl } from "../manifest/asset-url.ts";
import { isDictionary, type PropertyListDictionary, type PropertyListValue } from "../property-list/property-list.ts";
import { findUnknownName } from "../unknown-name.ts";

/** What Apple's schema says about a value. */
export type ValueRule =
  | { readonly type: "string"; readonly values?: readonly string[]; readonly pattern?: RegExp; readonly form?: string }
  | { readonly type: "integer"; readonly values: readonly number[] }
  | { readonly type: "boolean" }
  | { readonly type: "url" }
  | { readonly type: "dictionary" }
  | { readonly type: "array"; readonly members: ValueRule }
  | { readonly type: "object"; readonly keys: KeyRules }
  | { readonly type: "map"; readonly names: RegExp; readonly form: string; readonly members: ValueRule }
  | { readonly type: "custom"; readonly read: (value: unknown, path: string) => PropertyListValue };

/** What Apple's schema says about the keys of a dictionary, under Apple's names. */
export type KeyRules = Readonly<Record<string, ValueRule & { readonly required?: true }>>;

/** The rule for one option of a command function. */
export type OptionRule = ValueRule & {
  /** Apple's key; an option without one is not written by {@link readOptions}. */
  readonly key?: string;
  readonly required?: true;
  /** What is written instead of `true`; nothing is written for `false`. */
  readonly written?: string;
  /** Why the option cannot be used together with the others. */
  readonly conflict?: (options: Readonly<Record<string, unknown>>) => string | undefined;
};

/** The options of a command function by name, in the order of Apple's keys. */
export type OptionRules = Readonly<Record<string, OptionRule>>;

/**
 * Checks options against their rules and returns them under Apple's keys.
 *
 * @throws {IssuerError} `command_invalid` or `url_…`; the message names the option and contains no value
 */
export function readOptions(source: unknown, rules: OptionRules): PropertyListDictionary {
  const options = dictionary(source, "options");
  checkNames(options, rules, "");
  const given = Object.entries(rules).filter(([name, rule]) => options[name] !== undefined || rule.required);
  const checked = given.map(([name, rule]) => [rule, checkValue(options[name], rule, name)] as const);
  // Only after all types are checked: otherwise a wrong type would be reported as a conflict of another option.
  for (const [name, rule] of given) {
    const conflict = rule.conflict?.(options);
    if (conflict !== undefined) throw invalidCommand(`${name}: ${conflict}.`);
  }
  const keys: Record<string, PropertyListValue> = {};
  for (const [{ key, written }, value] of checked) {
    if (key === undefined || (written !== undefined && value === false)) continue;
    keys[key] = written ?? value;
  }
  return keys;
}

function checkValue(value: unknown, rule: ValueRule, path: string): PropertyListValue {
  switch (rule.type) {
    case "url":
      if (typeof value !== "string" && !(value instanceof URL))
        throw invalidCommand(`${path}: must be an https:// URL.`);
      return checkUrl(value, path);
    case "string":
      if (rule.values && !rule.values.includes(value as string)) throw oneOf(path, rule.values);
      if (typeof value !== "string" || value.trim() === "") {
        throw invalidCommand(`${path}: must be a non-empty string.`);
      }
      if (rule.pattern && !rule.pattern.test(value)) throw invalidCommand(`${path}: must be ${rule.form}.`);
      return value;
    case "integer":
      if (!rule.values.includes(value as number)) throw oneOf(path, rule.values);
      return value as number;
    case "boolean":
      if (typeof value !== "boolean") throw invalidCommand(`${path}: must be true or false.`);
      return value;
    case "array":
      if (!Array.isArray(value) || value.length === 0) throw invalidCommand(`${path}: must be a non-empty array.`);
      return value.map((member, index) => checkValue(member, rule.members, `${path}[${index}]`));
    case "custom":
      return rule.read(value, path);
    case "object":
      return checkObject(value, rule.keys, path);
    case "dictionary":
      return dictionary(value, path) as PropertyListDictionary;
    case "map": {
      const members = Object.entries(dictionary(value, path));
      if (!members.every(([name]) => rule.names.test(name)))
        throw invalidCommand(`${path}: each name must have the form ${rule.form}.`);
      return Object.fromEntries(members.map(([key, member]) => [key, checkValue(member, rule.members, `${path}[…]`)]));
    }
  }
}

function checkUrl(url: string | URL, path: string): string {
  try {
    return checkHttpsUrl(url);
  } catch (error) {
    throw isIssuerError(error) ? issuerError(error.code, `${path}: ${error.message}`) : error;
  }
}

function dictionary(value: unknown, path: string): Record<string, unknown> {
  if (isDictionary(value)) return value;
  throw invalidCommand(`${path}: must be an object.`);
}

function checkObject(given: unknown, rules: KeyRules, path: string): PropertyListDictionary {
  const value = dictionary(given, path);
  checkNames(value, rules, `${path}.`);
  const entries: [string, PropertyListValue][] = [];
  for (const [key, rule] of Object.entries(rules)) {
    if (value[key] === undefined && !rule.required) continue;
    entries.push([key, checkValue(value[key], rule, `${path}.${key}`)]);
  }
  return Object.fromEntries(entries);
}

function checkNames(given: object, known: object, prefix: string): void {
  const unknown = findUnknownName(given, Object.keys(known));
  if (unknown) throw invalidCommand(`${prefix}${unknown.name}: ${unknown.problem}`);
}

function oneOf(path: string, values: readonly unknown[]): Error {
  return invalidCommand(
    `${path}: must be ${values.length === 1 ? `${values[0]}, if set` : `one of ${values.join(", ")}`}.`,
  );
}

/** Creates the error for a command that Apple's schema does not allow. */
export function invalidCommand(message: string): Error {
  return issuerError("command_invalid", message);
}
