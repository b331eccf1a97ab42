import { replaceTokenParameters } from "../download-url.ts";
import { gateDefaults } from "../gate-defaults.ts";
import { replaceTokens } from "./find-tokens.ts";

/**
 * Replaces the value of every token parameter in a URL, for logs, and any other token in it: in the wrong place a token
 * is refused, but anyone who moves it to the right place can download every file.
 *
 * @param replacement - what to write instead of the parameter's value, default `"REDACTED"`; with a fingerprint from
 *   {@link fingerprintToken}, log lines about the same token can be correlated
 */
export function redactToken(
  url: string,
  parameter: string = gateDefaults.tokenParameter,
  replacement: string = "REDACTED",
): string {
  const redacted = replaceTokenParameters(url, parameter, `${parameter}=${replacement}`);
  return replaceTokens(redacted, parameter, (token) => (token === replacement ? replacement : "REDACTED"));
}
