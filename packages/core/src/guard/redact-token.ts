import { replaceTokenParameters } from "../download-url.ts";
import { gateDefaults } from "../gate-defaults.ts";
import { replaceTokens } from "./find-tokens.ts";

/**
 * Replaces the value of every token parameter in a URL, for logs, and whatever else in it is a token:
 * in the wrong place a token is refused, but in the right place it opens every file.
 *
 * @param replacement - what to write for the value of the parameter, default `"REDACTED"`; with a fingerprint from
 *   {@link fingerprintToken}, log lines of one token can be correlated
 */
export function redactToken(
  url: string,
  parameter: string = gateDefaults.tokenParameter,
  replacement: string = "REDACTED",
): string {
  const redacted = replaceTokenParameters(url, parameter, `${parameter}=${replacement}`);
  return replaceTokens(redacted, parameter, (token) => (token === replacement ? replacement : "REDACTED"));
}
