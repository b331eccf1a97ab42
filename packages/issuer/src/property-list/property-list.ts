import { parsePlistXml } from "./plist-xml.ts";
import { escapeXml, type XmlElement } from "./xml.ts";

/** What a property list can contain (Apple's `plist(5)`). */
export type PropertyListValue =
  | string
  | number
  | boolean
  | Date
  | Uint8Array
  | readonly PropertyListValue[]
  | PropertyListDictionary;

/** A dictionary of a property list; keys whose value is `undefined` are left out. */
export interface PropertyListDictionary {
  readonly [key: string]: PropertyListValue | undefined;
}

/** Whether a value is a dictionary of a property list: not a `Map`, a `Promise` or another object with contents of its own. */
export function isDictionary(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === "[object Object]";
}

/** A device's parser, like ours, refuses deep nesting long before the stack is exhausted. */
const maxDepth = 512;

/**
 * Reads an XML property list; throws if devices cannot read it, and says what is wrong.
 *
 * A whole number beyond 2^53 becomes a `bigint`.
 */
export function readPropertyList(text: string): unknown {
  return readPlistElement(parsePlistXml(text));
}

/** Reads the value that the outermost element of a property list contains, or is. */
export function readPlistElement(root: XmlElement): unknown {
  if (root.name !== "plist") return readValue(root);
  const [value, another] = root.children;
  if (!value) throw new Error("its plist element is empty");
  if (another) throw new Error("its plist element contains more than one value");
  return readValue(value);
}

/** The parser bounds how deep the elements are nested, so this recursion is bounded too. */
function readValue(element: XmlElement): unknown {
  const { name, children, text } = element;
  if (name === "dict") return readDictionary(element);
  if (name === "array") return children.map(readValue);
  if (name === "true" || name === "false") return name === "true";
  if (name === "integer") return readInteger(text);
  if (name === "real") return readReal(text.trim());
  if (name === "date") return readDate(text);
  if (name === "data") return readData(text);
  return text;
}

function readDictionary({ children }: XmlElement): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  for (let index = 0; index < children.length; index += 2) {
    const [key, value] = [children[index], children[index + 1]];
    if (key?.name !== "key") throw new Error("a dictionary has a value without a key");
    if (!value || value.name === "key") throw new Error("a dictionary has a key without a value");
    entries.push([key.text, readValue(value)]);
  }
  return dictionaryOf(entries);
}

/** Creates a dictionary; refuses the key `__proto__`, whose only use is to change the prototype of a careless copy. */
export function dictionaryOf(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  if (entries.some(([key]) => key === "__proto__")) throw new Error("it has a key that would change a prototype");
  return Object.fromEntries(entries);
}

function readInteger(text: string): number | bigint {
  // BigInt takes quadratic time; no property list has an integer beyond 128 bits. Apple's systems accept white space in
  // front only.
  const [, sign, digits] = /^\s{0,100}([+-]?)\s{0,100}(\d{1,40}|0[Xx][\dA-Fa-f]{1,32})$/.exec(text) ?? [];
  if (digits === undefined) throw new Error("an integer is not a whole number, or has white space after it");
  const value = sign === "-" ? -BigInt(digits) : BigInt(digits);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function readReal(text: string): number {
  if (/^[+-]?inf(inity)?$/i.test(text))
    return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^[+-]?nan$/i.test(text)) return Number.NaN;
  const value = /^[\dEe.+-]{1,400}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw new Error("a real is not a number");
  return value;
}

function readDate(text: string): Date {
  const date = new Date(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? text : Number.NaN);
  if (Number.isNaN(date.getTime())) throw new Error("a date is not a date in UTC");
  return date;
}

function readData(text: string): Buffer {
  // Like Apple's systems, this skips all other ASCII characters.
  if (/[^\0-\x7F]/.test(text)) throw new Error("data is not base64");
  return Buffer.from(text.replace(/[^A-Za-z0-9+/=]/g, ""), "base64");
}

/**
 * Writes an XML property list with Apple's document type.
 *
 * @throws {TypeError} for values that it cannot hold: control characters and unpaired surrogates (XML 1.0, section
 * 2.2), numbers that are not finite or not exact, invalid dates
 */
export function writePropertyList(value: PropertyListValue): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${writeValue(value, 1)}
</plist>
`;
}

function writeValue(value: unknown, depth: number): string {
  const indent = "  ".repeat(depth);
  if (typeof value === "boolean") return `${indent}<${value}/>`;
  if (typeof value === "string") return `${indent}<string>${escapeXml(value)}</string>`;
  if (typeof value === "number") {
    if (Number.isSafeInteger(value)) return `${indent}<integer>${value}</integer>`;
    // A whole number beyond 2^53 would be written as <integer>1e+300</integer>, which is not an integer.
    if (Number.isFinite(value) && !Number.isInteger(value)) return `${indent}<real>${value}</real>`;
    throw new TypeError("a property list cannot contain a number that is not finite, or too large to be exact");
  }
  if (value instanceof Date) return `${indent}<date>${dateText(value)}</date>`;
  if (value instanceof Uint8Array) return `${indent}<data>${Buffer.from(value).toString("base64")}</data>`;
  if (depth > maxDepth) throw new TypeError(`the values are nested more than ${maxDepth} deep, or contain themselves`);
  if (Array.isArray(value)) {
    // Not `map`, which skips the empty elements of a sparse array.
    return writeCollection(
      "array",
      indent,
      Array.from(value, (member) => writeValue(member, depth + 1)),
    );
  }
  if (!isDictionary(value)) throw new TypeError(`a property list cannot contain ${nameOf(value)}`);
  const members = Object.entries(value).flatMap(([key, member]) => {
    if (member === undefined) return [];
    return [`${indent}  <key>${escapeXml(key)}</key>`, writeValue(member, depth + 1)];
  });
  return writeCollection("dict", indent, members);
}

/** Years of four digits only: ISO 8601's longer ones are not dates of a property list. */
function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new TypeError("a property list cannot contain an invalid date");
  const text = date.toISOString();
  if (!/^\d{4}-/.test(text)) throw new TypeError("a property list cannot contain a date outside the years 0 to 9999");
  return text.replace(/\.\d{3}Z$/, "Z");
}

/** `null`, `undefined`, or the kind of value, such as `a value of type Map`. */
function nameOf(value: unknown): string {
  return value == null ? String(value) : `a value of type ${Object.prototype.toString.call(value).slice(8, -1)}`;
}

function writeCollection(name: string, indent: string, members: readonly string[]): string {
  if (members.length === 0) return `${indent}<${name}/>`;
  return [`${indent}<${name}>`, ...members, `${indent}</${name}>`].join("\n");
}
