import { readToken } from "../download-url.ts";
import type { Decision, Gate } from "../gate.ts";
import { gateDefaults } from "../gate-defaults.ts";
import { sha256 } from "../rs256.ts";

/**
 * The fingerprint of a URL's token, which does not reveal the token; `undefined` if the URL does not have exactly one
 * token. See {@link fingerprintToken}.
 */
export async function tokenFingerprint(
  url: string,
  parameter: string = gateDefaults.tokenParameter,
): Promise<string | undefined> {
  const { token } = readToken(url, parameter);
  return token === undefined ? undefined : fingerprintToken(token);
}

/**
 * Identifies a token in logs without revealing it: the first 8 hexadecimal digits of its SHA-256, as Caddy's `hash` log
 * filter prints them. Tokens signed in the same second with the same key are identical, and so are their fingerprints.
 */
export async function fingerprintToken(token: string): Promise<string> {
  return (await sha256(token)).slice(0, 8);
}

// Keyed by the claims, which are the same object as long as the gate remembers the token: hashing for each request
// would be noticeably slower.
export const fingerprints: WeakMap<object, string> = new WeakMap();

/** The fingerprint of the token that a gate has just decided on, calculated once for a token it remembers. */
export async function decisionFingerprint(
  { claims = {} }: Decision,
  url: string,
  { tokenParameter }: Pick<Gate, "tokenParameter">,
): Promise<string | undefined> {
  const fingerprint = fingerprints.get(claims) ?? (await tokenFingerprint(url, tokenParameter));
  if (fingerprint) fingerprints.set(claims, fingerprint);
  return fingerprint;
}
