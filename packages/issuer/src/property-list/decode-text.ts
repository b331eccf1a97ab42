/** Byte order marks (Unicode 16, section 23.8); the longer ones first, since UTF-32's begins like UTF-16's. */
const byteOrderMarks: readonly (readonly [mark: string, encoding: string])[] = [
  ["fffe0000", "utf-32le"],
  ["0000feff", "utf-32be"],
  ["efbbbf", "utf-8"],
  ["fffe", "utf-16le"],
  ["feff", "utf-16be"],
];

/** Where the zeros are among the first four bytes of ASCII characters without a byte order mark (XML 1.0, appendix F.1). */
const unmarkedEncodings: readonly (readonly [start: RegExp, encoding: string])[] = [
  [/^(?!00)..000000/, "utf-32le"],
  [/^000000(?!00)/, "utf-32be"],
  [/^(?!00)..00(?!00)..00/, "utf-16le"],
  [/^00(?!00)..00(?!00)/, "utf-16be"],
];

/**
 * Decodes an XML document. The encoding comes from its byte order mark, its first bytes or its XML declaration, in this
 * order; the default is UTF-8.
 *
 * Bytes that are not valid in that encoding are refused: replacement characters would give a package a name that it
 * does not have.
 */
export function decodeXml(bytes: Uint8Array): string {
  const mark = markedEncoding(bytes);
  if (mark) return decode(bytes.subarray(mark.length), mark.encoding);
  const encoding = unmarkedEncoding(bytes);
  if (encoding) return decode(bytes, encoding);
  const declared = declaredEncoding(bytes) ?? "utf-8";
  // The declaration was read with one byte for each character.
  if (/^(utf|ucs|iso-10646)-?(16|32|2|4)/.test(declared))
    throw new Error(`it declares the encoding ${declared}, but does not use it`);
  return decode(bytes, declared);
}

/** Decodes text that declares no encoding: by its byte order mark or its first bytes, otherwise as UTF-8. */
export function decodePlainText(bytes: Uint8Array): string {
  const mark = markedEncoding(bytes);
  return decode(bytes.subarray(mark?.length ?? 0), mark?.encoding ?? unmarkedEncoding(bytes) ?? "utf-8");
}

function unmarkedEncoding(bytes: Uint8Array): string | undefined {
  const start = hex(bytes, 4);
  return unmarkedEncodings.find(([pattern]) => pattern.test(start))?.[1];
}

function markedEncoding(bytes: Uint8Array): { encoding: string; length: number } | undefined {
  const start = hex(bytes, 4);
  const found = byteOrderMarks.find(([mark]) => start.startsWith(mark));
  return found && { encoding: found[1], length: found[0].length / 2 };
}

/** The encoding in an XML declaration written in ASCII. */
function declaredEncoding(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 200)).toString("latin1");
  const end = start.indexOf("?>");
  if (!start.startsWith("<?xml") || end === -1) return undefined;
  return /\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']/.exec(start.slice(0, end))?.[1]?.toLowerCase();
}

function decode(bytes: Uint8Array, encoding: string): string {
  // Encoding Standard: for TextDecoder this is windows-1252, which has other characters in 0x80 to 0x9F.
  if (encoding === "iso-8859-1" || encoding === "latin1") return Buffer.from(bytes).toString("latin1");
  if (/^(?:windows-|x-?cp|cp)1252$/.test(encoding)) return decodeWindows1252(bytes);
  if (/^(us-)?ascii$/.test(encoding) && bytes.some((byte) => byte > 0x7f)) throw new Error("it is not valid ASCII");
  let decoder: TextDecoder;
  try {
    // The byte order mark has been removed; any other U+FEFF is a character.
    decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  } catch {
    throw new Error(`its encoding, ${encoding}, is not supported; save it as UTF-8`);
  }
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw new Error(`it is not valid ${encoding.toUpperCase()}`);
  }
  // Where ICU's table differs from the Encoding Standard's, as for Cyrillic letters in Big5, it has private-use
  // characters.
  if (!encoding.startsWith("utf-") && /[\uE000-\uF8FF]/.test(text))
    throw new Error(`it has characters that cannot be converted from ${encoding.toUpperCase()}; save it as UTF-8`);
  return text;
}

/** The characters of 0x80 to 0x9F; a blank for the five bytes that have none. */
const windows1252 = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

/** Some versions of Node.js decode it as ISO-8859-1. */
function decodeWindows1252(bytes: Uint8Array): string {
  const units = Buffer.alloc(2 * bytes.length);
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    const unit = byte >= 0x80 && byte <= 0x9f ? windows1252.charCodeAt(byte - 0x80) : byte;
    if (unit === 0x20 && byte !== 0x20) throw new Error("it is not valid WINDOWS-1252");
    units.writeUInt16LE(unit, 2 * index);
  }
  return units.toString("utf16le");
}

function hex(bytes: Uint8Array, length: number): string {
  return Buffer.from(bytes.subarray(0, length)).toString("hex");
}
