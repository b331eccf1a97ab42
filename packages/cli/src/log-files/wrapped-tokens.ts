import { findTokens, type TokenSpan } from "@portcullis/core";

/** How many characters a signature has, by RSA keys of 2048, 3072, 4096, 6144 and 8192 bits. */
const signatureLengths: readonly number[] = [342, 512, 683, 1024, 1366];

/** What mail programs write in front of a quoted or folded line. */
const lineStart = /[ \t>]{0,16}/y;

/** A line may go on in the next if its last word is as long as this, or begins as a token does. */
const longWord = 20;

/** How a token begins, at the start of a word or behind a percent-encoded `=`. */
const tokenStart = /^(?:(?:25)*3D)?e(?:$|[yw])/;

/** How `{` and what follows it in a JOSE header begin in base64url. */
const headerStart = /ey[JA]|ew[ok]/g;

/** A header in which more places look like its start is not one. */
const maxHeaderStarts = 16;

/** A part of a word, and where it is in the whole word. */
interface WordPart {
  readonly start: number;
  readonly end: number;
  readonly at: number;
}

/**
 * Finds every token in a text, as core does, and those that a mail program or a terminal has wrapped, between any two
 * characters. A wrapped token must have a header that is JSON, and a signature that has its full length where a line or
 * a word ends, so that no word of the next line is taken for a part of a token. Takes time proportional to the length.
 */
export function findWrappedTokens(text: string, parameter: string): readonly TokenSpan[] {
  const tokens = findTokens(text, parameter);
  const wrapped = wrappedWords(text).flatMap((parts) => wrappedTokensIn(text, parts));
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

/** Whether a token may go on behind a line feed. */
export function mayContinue(text: string, lineFeed: number): boolean {
  const end = lineEnd(text, lineFeed);
  let start = end;
  while (start > 0 && isInWord(text.charCodeAt(start - 1))) {
    start -= 1;
    if (end - start === longWord) return true;
  }
  return start < end && tokenStart.test(text.slice(start, end));
}

/** The words that go on in the next line, each as its parts. */
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
  const placeOf = (index: number, isEnd: boolean): number => {
    const part = parts.findLast(({ at }) => (isEnd ? at < index : at <= index)) as WordPart;
    return part.start + index - part.at;
  };
  const segments = word.split(".");
  const spans: TokenSpan[] = [];
  let signatureStart = 0;
  for (const [index, signature] of segments.entries()) {
    const [header = "", payload = ""] = segments.slice(Math.max(0, index - 2), index);
    // The longest, since a line can end where a shorter signature would.
    const length = signatureLengths.findLast(
      (each) => each <= signature.length && (each === signature.length || ends.has(signatureStart + each)),
    );
    if (index >= 2 && length !== undefined && /^e[yw]/.test(payload)) {
      const payloadStart = signatureStart - payload.length - 1;
      const headerLength = lengthOfHeader(header);
      const [from, to] = [payloadStart - 1 - headerLength, signatureStart + length];
      const [start, end] = [placeOf(from, false), placeOf(to, true)];
      // What is on one line has been found already.
      if (headerLength > 0 && end - start > to - from) spans.push({ start, end, token: word.slice(from, to) });
    }
    signatureStart += signature.length + 1;
  }
  return spans;
}

/** How many characters at the end of a segment are a JOSE header, behind whatever is in the same word; 0 if none are. */
function lengthOfHeader(segment: string): number {
  const starts = [...segment.matchAll(headerStart)].map(({ index }) => index).slice(-maxHeaderStarts);
  const start = starts.findLast((each) => isJsonObject(segment.slice(each)));
  return start === undefined ? 0 : segment.length - start;
}

function isJsonObject(segment: string): boolean {
  try {
    return typeof JSON.parse(Buffer.from(segment, "base64url").toString()) === "object";
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

/** Letters, digits, `-`, `.` and `_`. */
function isInWord(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 45 ||
    code === 46 ||
    code === 95
  );
}
