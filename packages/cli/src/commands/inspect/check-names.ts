import { maxTokenLength, type RefusalCode } from "@portcullis/core";
import type { GateRuleValues } from "../../gate/gate-option-table.ts";
import { formatDuration } from "../../terminal/format-duration.ts";

/** What is true of a link if a check passes, and if it fails. */
type CheckName = readonly [passed: string, failed: string];

/** Names the checks; `exp` is the token's expiry, if it has a usable one. */
export function checkNames(
  { issuer, subject, audience, clockSkew, maxLifetime, tokenParameter }: GateRuleValues,
  exp: number | undefined,
  now: number,
): Readonly<Record<RefusalCode, CheckName>> {
  const skew = `${formatDuration(clockSkew)} of clock skew allowed`;
  const expiry = exp === undefined ? "" : ` ${formatDuration(exp - now)}`;
  return {
    token_missing: [`the link has a "${tokenParameter}" parameter`, `the link has no "${tokenParameter}" parameter`],
    token_repeated: ["exactly one token", "more than one token"],
    token_too_long: [`at most ${maxTokenLength} characters`, `more than ${maxTokenLength} characters`],
    token_malformed: ["a well-formed JWT", "not a well-formed JWT"],
    algorithm_not_allowed: ["algorithm RS256", "an algorithm other than RS256"],
    header_not_supported: ["no unsupported header members", "unsupported header members"],
    keys_unavailable: ["public keys available", "public keys not available"],
    signature_invalid: ["signed by one of the keys given", "not signed by any of the keys given"],
    issuer_mismatch: [`issuer (iss) "${issuer}"`, `issuer (iss) other than "${issuer}"`],
    subject_mismatch: [`subject (sub) "${subject}"`, `subject (sub) other than "${subject}"`],
    audience_mismatch:
      audience === undefined
        ? ["no audience (aud)", "an audience (aud), but none is expected"]
        : [`audience (aud) includes "${audience}"`, `audience (aud) does not include "${audience}"`],
    path_mismatch: ["bound to this path (aud)", "not bound to this path (aud)"],
    expiry_missing: ["an expiry (exp)", "no expiry (exp)"],
    claim_malformed: [
      "times are valid numbers of seconds",
      "a time (exp, nbf or iat) is not a valid number of seconds",
    ],
    token_expired: [`not expired (${skew})`, `expired${expiry} ago (${skew})`],
    token_not_yet_valid: ["already valid (nbf, iat)", `not yet valid (nbf, iat; ${skew})`],
    expiry_too_far: [
      `expires within ${formatDuration(maxLifetime)}`,
      `expires in${expiry}, more than the maximum of ${formatDuration(maxLifetime)}`,
    ],
  };
}
