/** Where a token stands among bytes: the value only, without the parameter's name. */
export interface FoundToken {
  readonly start: number;
  readonly end: number;
}

const equals = 0x3d;
const percent = 0x25;
const jwtStart = Buffer.from("eyJ"); // {" in base64url: so starts the header of every JWT
const payloadStart = Buffer.from(".eyJ");
const shortestJwt = 20;

/** 1 for what a token is made of, 2 for what else names of parameters are made of. */
const kindOf = new Uint8Array(256);
for (const byte of Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")) kindOf[byte] = 1;
kindOf[0x7e] = 2;

/** 1 for what ends a parameter's value in any kind of log: white space, quotes, `&`, `#`, `<`, `>`, `\`. */
const endsValue = new Uint8Array(256);
for (let byte = 0; byte <= 0x20; byte += 1) endsValue[byte] = 1;
for (const byte of Buffer.from("\"'&#<>\\\u007f")) endsValue[byte] = 1;

/** What ends a value whose own `=` is percent-encoded, as in a `Referer`: an encoded space, `"`, `#`, `&` or `?`. */
const encodedEnds = [0x20, 0x22, 0x23, 0x26, 0x3f];

/**
 * Finds every token in a piece of a log, whatever the format: the value of the token parameter, its
 * name and `=` percent-encoded or not, and whatever looks like a JWT, wherever it stands.
 *
 * Works on bytes and lets the platform search for `=`, `%` and `eyJ`, so that text without tokens
 * passes at memory speed.
 */
export function findTokens(bytes: Buffer, parameter: string): readonly FoundToken[] {
  const found: FoundToken[] = [];
  const name = Buffer.from(parameter);
  for (let at = bytes.indexOf(equals); at !== -1; at = bytes.indexOf(equals, at + 1)) {
    if (isNamed(bytes, at, name)) at = addValue(found, bytes, at + 1, false) - 1;
  }
  for (let at = bytes.indexOf(percent); at !== -1; at = bytes.indexOf(percent, at + 1)) {
    if (decoded(bytes, at) === equals && isNamed(bytes, at, name)) at = addValue(found, bytes, at + 3, true) - 1;
  }
  const named = found.length;
  let next = 0;
  for (let at = bytes.indexOf(jwtStart); at !== -1; at = bytes.indexOf(jwtStart, at + 1)) {
    // Most stand where a name has led to them already; those are not read a second time.
    while (next < named && (found[next] as FoundToken).end <= at) next += 1;
    const known = next < named && (found[next] as FoundToken).start <= at ? found[next] : undefined;
    const { end, dots } = known ? { ...known, dots: 0 } : wordFrom(bytes, at);
    if (!known && isJwt(bytes, at, end, dots)) found.push({ start: at, end });
    at = end - 1;
  }
  return found.length < 2 ? found : withoutOverlaps(found);
}

function withoutOverlaps(found: FoundToken[]): readonly FoundToken[] {
  found.sort((one, other) => one.start - other.start || other.end - one.end);
  const kept: FoundToken[] = [];
  for (const token of found) {
    const last = kept.at(-1);
    if (last === undefined || token.start >= last.end) kept.push(token);
    else if (token.end > last.end) kept[kept.length - 1] = { start: last.start, end: token.end };
  }
  return kept;
}

/** Reads backwards: does the parameter's name, each character encoded or not, end at `end`? */
function isNamed(bytes: Buffer, end: number, name: Buffer): boolean {
  let at = end;
  for (let index = name.length - 1; index >= 0; index -= 1) {
    if (bytes[at - 1] === name[index]) at -= 1;
    else if (decoded(bytes, at - 3) === name[index]) at -= 3;
    else return false;
  }
  return isBoundary(bytes, at);
}

/** Whether nothing that belongs to the same word stands before `at`. */
function isBoundary(bytes: Buffer, at: number): boolean {
  if (at === 0) return true;
  const encoded = decoded(bytes, at - 3);
  return !kindOf[encoded ?? (bytes[at - 1] as number)];
}

/** Returns where the value ends: what looks like a name in it is a part of it, and is not read again. */
function addValue(found: FoundToken[], bytes: Buffer, start: number, isEncoded: boolean): number {
  let end = start;
  while (end < bytes.length && !endsValue[bytes[end] as number]) {
    if (isEncoded && bytes[end] === percent && encodedEnds.includes(decoded(bytes, end) ?? 0)) break;
    end += 1;
  }
  if (end > start) found.push({ start, end });
  return end;
}

/** Where the word ends that stands here, of characters that a token is made of, and how many dots are in it. */
function wordFrom(bytes: Buffer, start: number): { readonly end: number; readonly dots: number } {
  let dots = 0;
  let end = start;
  while (end < bytes.length) {
    const byte = bytes[end] as number;
    const character = byte === percent ? (decoded(bytes, end) ?? 0) : byte;
    if (kindOf[character] !== 1) break;
    if (character === 0x2e) dots += 1;
    end += byte === percent ? 3 : 1;
  }
  return { end, dots };
}

/**
 * Whether this is a JWT, cut short or not. In the middle of a word, as behind an `=` that was encoded
 * twice (`%253D`), its payload must start like JSON too. If it is none, nothing in the rest of the word is.
 */
function isJwt(bytes: Buffer, start: number, end: number, dots: number): boolean {
  if (dots === 0 || end - start < shortestJwt) return false;
  return bytes.subarray(start, end).includes(payloadStart) || isBoundary(bytes, start);
}

/** The byte that `%XX` at this place stands for. */
function decoded(bytes: Buffer, at: number): number | undefined {
  if (at < 0 || bytes[at] !== percent) return undefined;
  const high = hexDigit(bytes[at + 1]);
  const low = hexDigit(bytes[at + 2]);
  return high === undefined || low === undefined ? undefined : high * 16 + low;
}

function hexDigit(byte: number | undefined): number | undefined {
  if (byte === undefined) return undefined;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined;
}

/** Whether a byte ends the value of a parameter. */
export function isValueEnd(byte: number): boolean {
  return endsValue[byte] === 1;
}

/** The token that stands there, decoded as the gate decodes it. */
export function tokenText(bytes: Buffer, { start, end }: FoundToken): string {
  const text = bytes.toString("latin1", start, end);
  if (!/[%+]/.test(text)) return text;
  return text
    .replace(/\+/g, " ")
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
