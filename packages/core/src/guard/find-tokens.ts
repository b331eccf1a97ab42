import { gateDefaults } from "../gate-defaults.ts";

/** Where a token is in a text. */
export interface TokenSpan {
  readonly start: number;
  /** The index after its last character. */
  readonly end: number;
  /** The token as the gate reads it, percent-decoded: to verify, or for `fingerprintToken`. */
  readonly token: string;
}

/** A text with some of its escapes decoded, and where each character was in the original. */
interface View {
  readonly text: string;
  readonly origins?: Uint32Array;
}

/**
 * Anything that begins with `{"`, which is `eyJ` in base64url, up to its third dot. A match consumes its text, so the
 * time stays linear.
 */
const plainJwt = "eyJ[\\w-]*(?:\\.[\\w-]*){0,2}";

/**
 * Also matches any three segments of which the last is as long as a signature, and a signature alone. It is much
 * slower.
 */
const anyJwt = `(?<![\\w-])[\\w-]+\\.[\\w-]+\\.[\\w-]{342,}|${plainJwt}|(?<![\\w-])[\\w-]{342,}`;

/** How many characters an RSA-2048, 3072, 4096, 6144 or 8192 signature has. A file name has at most 255. */
const usualSignatures = [342, 512, 683, 1024, 1366] as const;

/** How a JSON object begins in base64url: `{"`, `{ `, `{` and a line feed or a tab, `{}`. */
const jsonSegment = /^(?:ey[JA]|ew[ok]|e30)/;

/** `%2E`, `%252E`, and so on; and `\x26` and `\u0026`, as nginx and JSON escape characters. */
const escapes = /(?:%(?:25)*|\\x|\\u00)([0-9a-f]{2})/gi;

/**
 * Quoted-printable (RFC 2045 section 6.7), as email programs write links: `=3D`, and `=` at the end of a wrapped line.
 */
const quotedPrintable = /=(?:\r?\n|([0-9A-F]{2}))/g;

/** Text can be encoded again at each hop. At most this many layers are decoded, to bound the time. */
const decodingRounds = 8;

/**
 * Finds every token in a text of any format: a URL, a log, an email, a manifest.
 *
 * A token is the value of the token parameter, and anything else that looks like a JWT or its signature, whole or
 * truncated. Values and names can be percent-encoded repeatedly, in whole or in part. A token ends before the first
 * character that no token contains (`|`, `,`, `;`, a quote, a space …), before its third dot, and where its signature
 * has its full length, even if letters follow.
 *
 * The spans are in order and do not overlap. The time is proportional to the length of the text. Call it before a text
 * is truncated: part of a token is harder to recognise.
 */
export function findTokens(text: string, parameter: string = gateDefaults.tokenParameter): TokenSpan[] {
  const named = new RegExp(`(?<![\\w.~-])${parameter.replace(/\./g, "\\.")}=([\\w.-]+)`, "g");
  const spans: TokenSpan[] = [];
  for (let view of [{ text }, /=(?:\r?\n|3D)/.test(text) ? decode({ text }, quotedPrintable) : undefined]) {
    for (let round = 0; view && round <= decodingRounds; round += 1) {
      const { text: decoded, origins }: View = view;
      const add = (start: number, end: number): void => {
        spans.push({ start: origins?.[start] ?? start, end: origins?.[end] ?? end, token: decoded.slice(start, end) });
      };
      for (const [start, end] of findJwts(decoded)) add(start, end);
      for (const { 0: parameterText, 1: value = "", index } of decoded.matchAll(named)) {
        // If the value contains a JWT, only the JWT is the token, not the text around it.
        const end = index + parameterText.length;
        if (findJwts(value).length === 0) add(end - value.length, end);
      }
      view = decode(view, escapes);
    }
  }
  return withoutOverlaps(spans);
}

/** Replaces every token in a text; see {@link findTokens}. */
export function replaceTokens(text: string, parameter: string, replace: (token: string) => string): string {
  let result = "";
  let copied = 0;
  for (const { start, end, token } of findTokens(text, parameter)) {
    result += text.slice(copied, start) + replace(token);
    copied = end;
  }
  return result + text.slice(copied);
}

/** Decodes one layer of escapes; `undefined` if there is none. */
function decode({ text, origins }: View, pattern: RegExp): View | undefined {
  const decodedOrigins = new Uint32Array(text.length + 1);
  let written = 0;
  let copied = 0;
  const copyUntil = (end: number): void => {
    for (; copied < end; copied += 1) decodedOrigins[written++] = origins?.[copied] ?? copied;
  };
  const decoded = text.replace(pattern, (escaped: string, hex: string | undefined, index: number) => {
    copyUntil(hex === undefined ? index : index + 1);
    copied = index + escaped.length;
    return hex === undefined ? "" : String.fromCharCode(Number.parseInt(hex, 16));
  });
  if (copied === 0) return undefined;
  copyUntil(text.length + 1);
  return { text: decoded, origins: decodedOrigins };
}

function findJwts(text: string): (readonly [start: number, end: number])[] {
  const pattern = new RegExp(mayHoldSignature(text) ? anyJwt : plainJwt, "g");
  const found: (readonly [number, number])[] = [];
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const { 0: word, index } = match;
    const [first = "", second = "", third = ""] = word.split(".");
    const isSigned = Math.max(first.length, second.length, third.length) >= usualSignatures[0];
    const isWhole = index === 0 || !/[\w-]/.test(text.charAt(index - 1));
    if (!isSigned && !jsonSegment.test(second) && !(isWhole && third !== "")) continue;
    // Text in front of `eyJ` in the same word is not part of the token, unless it can be a signature.
    const ahead = second === "" || beginsWithSignature(first) ? 0 : first.indexOf("eyJ");
    const start = ahead > 0 && ahead < usualSignatures[0] ? ahead : 0;
    pattern.lastIndex -= third.length - signatureLength(third);
    found.push([index + start, pattern.lastIndex]);
  }
  return found;
}

/** A run of 342 characters covers 38 consecutive multiples of 9, so it is enough to look at every ninth character. */
function mayHoldSignature(text: string): boolean {
  let hits = 0;
  for (let index = 0; index < text.length && hits < 38; index += 9) {
    hits = /[\w-]/.test(text.charAt(index)) ? hits + 1 : 0;
  }
  return hits === 38;
}

/** Whether a signature is directly in front of a token; by chance, the signature itself can contain `eyJ`. */
function beginsWithSignature(segment: string): boolean {
  return usualSignatures.some((end) => segment.startsWith("eyJ", end));
}

/** Where the signature ends in a third segment, which can have another token or other text directly after it. */
function signatureLength(segment: string): number {
  const { length } = segment;
  const usual = usualSignatures.find((end) => length === end || segment.startsWith("eyJ", end));
  if (usual !== undefined || length < usualSignatures[0]) return usual ?? length;
  // The last character of an RSA-2048 signature has four unused bits. A key of unusual size has a multiple of 256 bits.
  const isWhole = length % 4 !== 1 && ((length * 6) >> 3) % 32 === 0;
  return isWhole || !/[AQgw]/.test(segment.charAt(usualSignatures[0] - 1)) ? length : usualSignatures[0];
}

/** Merges spans that overlap, so that no part of a token is left; the token is that of the longer span. */
function withoutOverlaps(spans: TokenSpan[]): TokenSpan[] {
  const kept: TokenSpan[] = [];
  for (const span of spans.sort((one, other) => one.start - other.start)) {
    const last = kept.at(-1);
    if (last && span.start < last.end) {
      const { token } = span.end - span.start > last.end - last.start ? span : last;
      kept[kept.length - 1] = { start: last.start, end: Math.max(last.end, span.end), token };
    } else kept.push(span);
  }
  return kept;
}
