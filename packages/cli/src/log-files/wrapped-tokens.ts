import { findTokens, type TokenSpan } from "@portcullis/core";
import { decodeBase64urlText } from "../token/decode-base64url.ts";
import { type DecodedText, decodeEscapes } from "./decode-escapes.ts";

/** How many characters an RSA-2048, 3072, 4096, 6144 or 8192 signature has. */
const signatureLengths: readonly number[] = [342, 512, 683, 1024, 1366];

/** What email programs write in front of a quoted or folded line. */
const lineStart = /[ \t>]{0,16}/y;

/** A line might continue in the next if its last word is as long as this, or begins as a token does. */
const longWord = 20;

/** How a token begins, at the start of a word or after a percent-encoded `=`, itself encoded or not. */
const tokenStart = /(?:^|%(?:25)*3D)(?:e|%(?:25)*65)(?:$|[yw%])/i;

/** A line feed, with a carriage return or not, as URLs and JSON write it; and spaces after it. */
const encodedLineEnd = /(?:%(?:25)*0D)?%(?:25)*0A(?:%(?:25)*(?:20|09))*|(?:\\r|\\u000d|\\x0d)?(?:\\n|\\u000a|\\x0a)/gi;

/** Percent-encoding (RFC 3986 section 2.1), also of the percent sign itself. */
const percentEncoded = /%(?:25)*([0-9a-f]{2})/gi;

/** Text can be encoded again at each hop. At most this many layers are decoded, to bound the time. */
const decodingRounds = 8;

/** How `{` and what follows it in a JOSE header begin in base64url. */
const headerStart = /ey[JA]|ew[ok]/g;

/** Text with more places that look like the start of a header is not a header. */
const maxHeaderStarts = 16;

/** A part of a word, and where it is in the whole word. */
interface WordPart {
  readonly start: number;
  readonly end: number;
  readonly at: number;
}

/**
 * Finds every token in text, as core does, and those that an email program or a terminal has wrapped, between any two
 * characters, percent-encoded or not, line ends included. A wrapped token must have a header that is JSON, and a
 * signature that has its full length where a line or a word ends, so that no word of the next line is mistaken for a part
 * of a token. Takes time proportional to the length.
 */
export function findWrappedTokens(text: string, parameter: string): readonly TokenSpan[] {
  const tokens = findTokens(text, parameter);
  const { text: lines, origins } = decodeEscapes({ text }, encodedLineEnd, () => "\n") ?? { text };
  const wrapped = wrappedWords(lines)
    .flatMap((parts) => wrappedTokensIn(lines, parts))
    .map((span) => (origins ? { ...span, start: origins[span.start] ?? 0, end: origins[span.end] ?? 0 } : span));
  if (wrapped.length === 0) return tokens;
  const isWrapped = new Set(wrapped);
  const spans: TokenSpan[] = [];
  // What overlaps a wrapped token is a part of it. Sorting is stable: if two begin together, the wrapped one comes first.
  for (const span of [...wrapped, ...tokens].sort((one, other) => one.start - other.start)) {
    const last = spans.at(-1);
    if (last === undefined || span.start >= last.end) spans.push(span);
    else if (isWrapped.has(span)) spans[spans.length - 1] = { ...span, start: last.start };
  }
  return spans;
}

/** Whether a token ends where its signature has its full length. */
export function isWholeToken({ token }: TokenSpan): boolean {
  const [, , signature = "", ...more] = token.split(".", 4);
  return more.length === 0 && signatureLengths.includes(signature.length);
}

/** Whether a token might continue after a line feed. */
export function mayContinue(text: string, lineFeed: number): boolean {
  const end = lineEnd(text, lineFeed);
  let start = end;
  while (start > 0 && isInWord(text.charCodeAt(start - 1))) {
    start -= 1;
    if (end - start === longWord) return true;
  }
  return start < end && tokenStart.test(text.slice(start, end));
}

/** The words that continue in the next line, each as its parts. */
function wrappedWords(text: string): (readonly WordPart[])[] {
  const words: WordPart[][] = [];
  for (let lineFeed = text.indexOf("\n"); lineFeed !== -1; lineFeed = text.indexOf("\n", lineFeed + 1)) {
    if (!mayContinue(text, lineFeed)) continue;
    lineStart.lastIndex = lineFeed + 1;
    lineStart.test(text);
    const start = lineStart.lastIndex;
    const end = wordEnd(text, start);
    if (end === start) continue;
    const endBefore = lineEnd(text, lineFeed);
    const last = words.at(-1)?.at(-1);
    const before = last?.end === endBefore ? last : { start: wordStart(text, endBefore), end: endBefore, at: 0 };
    if (before !== last) words.push([before]);
    words.at(-1)?.push({ start, end, at: before.at + before.end - before.start });
  }
  return words;
}

function wrappedTokensIn(text: string, parts: readonly WordPart[]): TokenSpan[] {
  const word = parts.map(({ start, end }) => text.slice(start, end)).join("");
  const ends = new Set(parts.map(({ start, end, at }) => at + end - start));
  const partOf = (index: number, isEnd: boolean): WordPart =>
    parts.findLast(({ at }) => (isEnd ? at < index : at <= index)) as WordPart;
  const spans: TokenSpan[] = [];
  for (const { text: decoded, origins } of [{ text: word, origins: undefined }, ...percentDecodings(word)]) {
    const originOf = (index: number): number => origins?.[index] ?? index;
    for (const [start, end] of tokensIn(decoded, (index) => ends.has(originOf(index)))) {
      const [from, to] = [originOf(start), originOf(end)];
      const [first, last] = [partOf(from, false), partOf(to, true)];
      // What is on one line has been found already.
      if (first === last) continue;
      spans.push({
        start: first.start + from - first.at,
        end: last.start + to - last.at,
        token: decoded.slice(start, end),
      });
    }
  }
  return spans;
}

/** The word with one layer of percent-encoding removed, then two, and so on until there is none. */
function percentDecodings(word: string): readonly DecodedText[] {
  const layers: DecodedText[] = [];
  for (let round = 0; round < decodingRounds; round += 1) {
    const layer = decodeEscapes(layers.at(-1) ?? { text: word }, percentEncoded, ([, hex = ""]) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    if (layer === undefined) break;
    layers.push(layer);
  }
  return layers;
}

/** Where tokens are in text whose lines have been joined; `isLineEnd` says where a line ended. */
function tokensIn(text: string, isLineEnd: (index: number) => boolean): (readonly [start: number, end: number])[] {
  const found: (readonly [number, number])[] = [];
  for (const { 0: word, index: wordStart } of text.matchAll(/[\w.-]+/g)) {
    const segments = word.split(".");
    let signatureStart = wordStart;
    for (const [index, signature] of segments.entries()) {
      const [header = "", payload = ""] = segments.slice(Math.max(0, index - 2), index);
      // The longest, since a line can end where a shorter signature would.
      const length = signatureLengths.findLast(
        (each) => each <= signature.length && (each === signature.length || isLineEnd(signatureStart + each)),
      );
      if (index >= 2 && length !== undefined && /^e[yw]/.test(payload)) {
        const headerLength = lengthOfHeader(header);
        const start = signatureStart - payload.length - headerLength - 2;
        if (headerLength > 0) found.push([start, signatureStart + length]);
      }
      signatureStart += signature.length + 1;
    }
  }
  return found;
}

/** How many characters at the end of a segment are a JOSE header, after whatever is in the same word; 0 if none are. */
function lengthOfHeader(segment: string): number {
  const starts = [...segment.matchAll(headerStart)].map(({ index }) => index).slice(-maxHeaderStarts);
  const start = starts.findLast((each) => isJsonObject(segment.slice(each)));
  return start === undefined ? 0 : segment.length - start;
}

function isJsonObject(segment: string): boolean {
  try {
    return typeof JSON.parse(decodeBase64urlText(segment)) === "object";
  } catch {
    return false;
  }
}

/** Where the text of a line ends: before CR LF, and before the `=` that quoted-printable puts there. */
function lineEnd(text: string, lineFeed: number): number {
  const end = text[lineFeed - 1] === "\r" ? lineFeed - 1 : lineFeed;
  return text[end - 1] === "=" ? end - 1 : end;
}

function wordStart(text: string, end: number): number {
  let start = end;
  while (start > 0 && isInWord(text.charCodeAt(start - 1))) start -= 1;
  return start;
}

function wordEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && isInWord(text.charCodeAt(end))) end += 1;
  return end;
}

/** Letters, digits, `-`, `.`, `_`, and `%`. */
function isInWord(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 37 ||
    code === 45 ||
    code === 46 ||
    code === 95
  );
}
