import { gateDefaults } from "./gate-defaults.ts";
import type { Result } from "./refusal.ts";

/**
 * Takes the one token out of a download URL.
 *
 * Any form of URL will do: absolute, a path with a query, or whatever a client put in the request
 * line. Nothing is normalised and no `URL` is built, because `new URL` throws on a request target
 * such as `//evil:99999/a`. Only the query counts: not the path, not the fragment.
 *
 * @param url - the URL or request target
 * @param parameter - the parameter's name, default `"token"`; names are compared after decoding,
 *   so `%74oken` is a second spelling of `token`
 */
export function readToken(
  url: string,
  parameter: string = gateDefaults.tokenParameter,
): Result<{ readonly token: string }> {
  let token: string | undefined;
  for (const part of splitUrl(url).query) {
    if (!isNamed(part, parameter)) continue;
    if (token !== undefined) return { refusal: "token_repeated" };
    const equals = part.indexOf("=");
    token = equals === -1 ? "" : formDecode(part.slice(equals + 1));
  }
  return token === undefined ? { refusal: "token_missing" } : { token };
}

/**
 * Adds a token to a URL, in place of any it already has; path, other parameters and fragment stay
 * as they are, byte for byte.
 */
export function addToken(url: string, token: string, parameter: string = gateDefaults.tokenParameter): string {
  const parts = splitUrl(removeToken(url, parameter));
  return joinUrl({ ...parts, query: [...parts.query, `${parameter}=${token}`] });
}

/**
 * Takes every token out of a URL, for origins, caches and logs; all other bytes stay as they are.
 * The question mark goes too if nothing is left behind it.
 */
export function removeToken(url: string, parameter: string = gateDefaults.tokenParameter): string {
  const parts = splitUrl(url);
  return joinUrl({ ...parts, query: parts.query.filter((part) => !isNamed(part, parameter)) });
}

/**
 * Replaces the value of every token in a URL, for logs, and whatever else in it looks like a JWT: a
 * token in the wrong place is refused there but opens every file in the right one.
 *
 * @param replacement - what stands in for the token, default `"REDACTED"`; a fingerprint by
 *   {@link fingerprintToken} lets log lines of one token be joined
 */
export function redactToken(
  url: string,
  parameter: string = gateDefaults.tokenParameter,
  replacement: string = "REDACTED",
): string {
  const parts = splitUrl(url);
  const query = parts.query.map((part) => (isNamed(part, parameter) ? `${parameter}=${replacement}` : part));
  return joinUrl({ ...parts, query }).replace(/[\w.%-]+/g, withoutJwt);
}

interface UrlParts {
  readonly beforeQuery: string;
  /** The parts between the ampersands; empty if there is no question mark. */
  readonly query: readonly string[];
  /** From the `#` on, or empty. */
  readonly fragment: string;
}

function splitUrl(url: string): UrlParts {
  const hash = url.indexOf("#");
  const end = hash === -1 ? url.length : hash;
  const fragment = url.slice(end);
  const question = url.indexOf("?");
  if (question === -1 || question > end) return { beforeQuery: url.slice(0, end), query: [], fragment };
  const text = url.slice(question + 1, end);
  // Not split where it need not be: V8 puts what it splits off into a table of its own, at the cost of a hash of the token.
  const query = text.includes("&") ? text.split("&") : [text];
  return { beforeQuery: url.slice(0, question), query, fragment };
}

/** The question mark goes with the last part behind it. */
function joinUrl({ beforeQuery, query, fragment }: UrlParts): string {
  return beforeQuery + (query.length === 0 ? "" : `?${query.join("&")}`) + fragment;
}

function isNamed(part: string, parameter: string): boolean {
  if (!part.startsWith(parameter) && !hasEscapes(part)) return false;
  const equals = part.indexOf("=");
  return formDecode(equals === -1 ? part : part.slice(0, equals)) === parameter;
}

/**
 * Decodes a name or value as the WHATWG URL standard decodes forms, for ASCII results: bytes above
 * 0x7F become characters that no token and no parameter name may hold, so they never match.
 */
function formDecode(text: string): string {
  if (!hasEscapes(text)) return text;
  return text.replace(/\+/g, " ").replace(/%([0-9a-f]{2})/gi, characterOf);
}

function characterOf(_escape: string, hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

function hasEscapes(text: string): boolean {
  return text.includes("%") || text.includes("+");
}

/** Leaves a JWT out of a word; looks at each word twice at most, as a URL may be long and is a stranger's. */
function withoutJwt(word: string): string {
  const start = Math.max(word.indexOf("eyJ"), 0);
  // As a whole too: in `%2eyJ` the same letter ends an escape and starts a JWT.
  return holdsJwt(word.slice(start)) || holdsJwt(word) ? `${word.slice(0, start)}REDACTED` : word;
}

/**
 * Whether there is a JWT in a word, however often its characters are percent-encoded, or the signature
 * of one that is not told by its start: of RSA-2048 it has 342 characters, a file name at most 255.
 */
function holdsJwt(word: string): boolean {
  const plain = word.replace(/%(?:25)*([0-9a-f]{2})/gi, characterOf);
  const start = plain.indexOf("eyJ");
  if (start !== -1 && /\..+\./.test(plain.slice(start))) return true;
  return plain.split(/[^\w-]/).some((run) => run.length >= 342);
}
