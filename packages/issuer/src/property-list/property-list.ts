import plist, { type PlistValue } from "plist";
import { parseXml } from "./xml.ts";

/** What a property list can hold (Apple's `plist(5)`). */
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

/**
 * Writes an XML property list with Apple's document type.
 *
 * What XML 1.0 cannot hold (control characters, halves of a character) throws, and so do numbers that are not finite or
 * not exact, and dates that are none.
 */
export function writePropertyList(value: PropertyListValue): string {
  return `${plist.build(plain(value))}\n`;
}

/** Reads an XML property list; throws if it is not well-formed, or no property list. */
export function readPropertyList(text: string): unknown {
  // The library forgives broken XML and prints what it thinks of it; this does neither. It prints a
  // warning of U+FFFD too, unless that is written as a reference.
  parseXml(text);
  return plist.parse(text.replace(/^\uFEFF/, "").replace(/\uFFFD/g, "&#xFFFD;"));
}

/** Whether a value is a dictionary of a property list. */
export function isDictionary(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !(value instanceof Date) && !ArrayBuffer.isView(value);
}

function plain(value: PropertyListValue): PlistValue {
  if (typeof value === "string") return checkText(value);
  if (typeof value === "number") {
    // A whole number beyond 2^53 would be written as <integer>1e+300</integer>, which is none.
    if (Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value))) return value;
    throw new TypeError("a property list cannot hold a number that is not finite, or too large to be exact");
  }
  if (typeof value === "boolean") return value;
  if (value instanceof Date) {
    if (!Number.isNaN(value.getTime())) return value;
    throw new TypeError("a property list cannot hold a date that is none");
  }
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(plain);
  if (!isDictionary(value)) throw new TypeError(`a property list cannot hold a ${typeof value}`);
  const entries: [string, PlistValue][] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) entries.push([checkText(key), plain(member as PropertyListValue)]);
  }
  return Object.fromEntries(entries);
}

/** XML 1.0 section 2.2: the characters that a document may hold, escaped or not. */
function checkText(text: string): string {
  if (!/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(text)) return text;
  throw new TypeError("the text holds a control character or half a character, which XML cannot hold");
}
