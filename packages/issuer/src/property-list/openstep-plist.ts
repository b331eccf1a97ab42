import { dictionaryOf } from "./property-list.ts";

const deepestNesting = 64;
const mostValues = 200_000;
/** Text that needs no quotation marks. */
const bareText = /[A-Za-z0-9_$/:.-]+/y;
// Each pattern loops over single characters: with one pattern for all of them, V8's stack overflows after a few million
// comments.
const blank = /[\t-\r \u2028\u2029]+/y;
const lineComment = /\/\/[^\r\n\u2028\u2029]*/y;
const escapedCharacters: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/**
 * Reads a property list in the OpenStep format (Apple, "Old-Style ASCII Property Lists"), which Xcode's own project
 * files and some build tools still use; throws if it is not one. All its simple values are strings or data.
 *
 * As on Apple's systems, the braces around the outermost dictionary can be missing, as they are in `Localizable.strings`.
 */
export function readOpenStepPlist(text: string): unknown {
  let position = 0;
  let values = 0;

  function fail(): never {
    throw new Error("it is neither a binary, nor an XML, nor an OpenStep property list");
  }

  /** Consumes and returns what a sticky pattern matches at the current position. */
  function match(pattern: RegExp): string {
    pattern.lastIndex = position;
    const found = pattern.exec(text)?.[0] ?? "";
    position += found.length;
    return found;
  }

  function skipBlank(): void {
    for (;;) {
      if (match(blank) || match(lineComment)) continue;
      if (!text.startsWith("/*", position)) return;
      const end = text.indexOf("*/", position + 2);
      if (end === -1) fail();
      position = end + 2;
    }
  }

  /** Skips blanks, and then this character if it is next; returns whether it was. */
  function skip(character: string): boolean {
    skipBlank();
    if (text[position] !== character) return false;
    position += 1;
    return true;
  }

  function countValue(): void {
    values += 1;
    if (values > mostValues) throw new Error("it has more than 200 000 values");
  }

  function readValue(depth: number): unknown {
    countValue();
    if (depth > deepestNesting) throw new Error("it is nested more than 64 levels deep");
    if (skip("{")) return readDictionary(depth);
    if (skip("(")) return readArray(depth);
    if (skip("<")) return readData();
    return readText();
  }

  function readDictionary(depth: number, isComplete = () => skip("}")): Record<string, unknown> {
    const entries: [string, unknown][] = [];
    while (!isComplete()) {
      countValue();
      const key = readText();
      entries.push([key, skip("=") ? readValue(depth + 1) : key]);
      if (!skip(";")) fail();
    }
    return dictionaryOf(entries);
  }

  function isAtEnd(): boolean {
    skipBlank();
    return position === text.length;
  }

  function readArray(depth: number): unknown[] {
    const members: unknown[] = [];
    while (!skip(")")) {
      members.push(readValue(depth + 1));
      if (!skip(",") && text[position] !== ")") fail();
    }
    return members;
  }

  function readData(): Buffer {
    const end = text.indexOf(">", position);
    const groups = end === -1 ? fail() : text.slice(position, end).split(/[\t\n\r \u2028\u2029]+/);
    if (groups.some((digits) => digits.length % 2 !== 0 || !/^[\dA-Fa-f]*$/.test(digits))) fail();
    position = end + 1;
    return Buffer.from(groups.join(""), "hex");
  }

  function readText(): string {
    skipBlank();
    const quote = text[position];
    if (quote !== '"' && quote !== "'") return match(bareText) || fail();
    position += 1;
    return readQuoted(quote === '"' ? /[^"\\]+/y : /[^'\\]+/y, quote);
  }

  function readQuoted(plain: RegExp, quote: string): string {
    const parts: string[] = [];
    for (;;) {
      parts.push(match(plain));
      if (position >= text.length) fail();
      position += 1;
      if (text[position - 1] === quote) return parts.join("");
      parts.push(readEscape());
    }
  }

  /** After the backslash: `U` and up to four hexadecimal digits, one to three octal digits, or one character. */
  function readEscape(): string {
    const unicode = match(/U[\dA-Fa-f]{0,4}/y);
    if (unicode) return String.fromCharCode(Number.parseInt(`0${unicode.slice(1)}`, 16));
    const octal = match(/[0-7]{1,3}/y);
    // Beyond ASCII these are NeXTSTEP's own encoding, which would need its table.
    if (octal && Number.parseInt(octal, 8) > 127) throw new Error("it has an octal escape beyond ASCII");
    if (octal) return String.fromCharCode(Number.parseInt(octal, 8));
    const character = text[position] ?? fail();
    position += 1;
    return escapedCharacters[character] ?? character;
  }

  const value = readValue(0);
  if (isAtEnd()) return value;
  if (typeof value !== "string") fail();
  position = 0;
  return readDictionary(0, isAtEnd);
}
