import { gateDefaults } from "./gate-defaults.ts";
import type { Result } from "./refusal.ts";

/**
 * Extracts the one token from a download URL.
 *
 * Any form of URL is accepted: absolute, a path with a query, or whatever a client sent in the request line. Nothing is
 * normalised and no `URL` is built, because `new URL` throws on a request target such as `//evil:99999/a`. Only the
 * query counts: not the path, not the fragment.
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
    const value = valueIfNamed(part, parameter);
    if (value === undefined) continue;
    if (token !== undefined) return { refusal: "token_repeated" };
    token = formDecode(value);
  }
  return token === undefined ? { refusal: "token_missing" } : { token };
}

/**
 * The path of a URL or request target, byte for byte: nothing is decoded or normalised, so each path has only one
 * spelling. `undefined` if it is not certain where the path begins: programs disagree about backslashes, missing
 * slashes and user names in front of it.
 */
export function readPath(url: string): string | undefined {
  // Absolute form (RFC 9112 section 3.2.2) or origin form: in a request line, `//host/a` is a path.
  const path = splitUrl(url).beforeQuery.replace(/^https?:\/\/[\w.:[\]%~-]+(?=\/)/i, "");
  return path.startsWith("/") ? path : undefined;
}

/**
 * Adds a token to a URL, replacing any that it already has; path, other parameters and fragment stay
 * as they are, byte for byte.
 */
export function addToken(url: string, token: string, parameter: string = gateDefaults.tokenParameter): string {
  const parts = splitUrl(removeToken(url, parameter));
  return joinUrl({ ...parts, query: [...parts.query, `${parameter}=${token}`] });
}

/**
 * Removes every token from a URL, for origins, caches and logs; all other bytes stay as they are. The question mark is
 * removed too if nothing is left after it.
 */
export function removeToken(url: string, parameter: string = gateDefaults.tokenParameter): string {
  return replaceTokenParameters(url, parameter, undefined);
}

/** Replaces or removes each token parameter; all other bytes stay as they are. */
export function replaceTokenParameters(url: string, parameter: string, replacement: string | undefined): string {
  const parts = splitUrl(url);
  const query: string[] = [];
  for (const part of parts.query) {
    if (valueIfNamed(part, parameter) === undefined) query.push(part);
    else if (replacement !== undefined) query.push(replacement);
  }
  return joinUrl({ ...parts, query });
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
  // Split only if needed: V8 interns the parts, and for that it hashes the token.
  const query = text.includes("&") ? text.split("&") : [text];
  return { beforeQuery: url.slice(0, question), query, fragment };
}

/** Without any parts, the question mark is left out too. */
function joinUrl({ beforeQuery, query, fragment }: UrlParts): string {
  return beforeQuery + (query.length === 0 ? "" : `?${query.join("&")}`) + fragment;
}

/** The value of a part with this name, not decoded yet; `undefined` if it has another name. */
function valueIfNamed(part: string, parameter: string): string | undefined {
  if (!part.startsWith(parameter) && !hasEscapes(part)) return undefined;
  const equals = part.indexOf("=");
  const end = equals === -1 ? part.length : equals;
  return formDecode(part.slice(0, end)) === parameter ? part.slice(end + 1) : undefined;
}

/**
 * Decodes a name or value as the WHATWG URL standard decodes forms, but only ASCII correctly: bytes above 0x7F become
 * characters that no token and no parameter name can contain, so they never match.
 */
function formDecode(text: string): string {
  if (!hasEscapes(text)) return text;
  return text
    .replace(/\+/g, " ")
    .replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function hasEscapes(text: string): boolean {
  return text.includes("%") || text.includes("+");
}
