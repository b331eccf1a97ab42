import type { GateOptions, RefusalCode } from "@portcullis/core";
import { formatDuration } from "../../terminal/format-duration.ts";

/** What each check asks, as a statement that is true if it passes. */
export function checkNames({
  issuer = "JSS",
  subject = "AppManifest",
  audience,
  clockSkew = 60,
  maxLifetime = 7200,
  tokenParameter = "token",
}: Partial<GateOptions>): Readonly<Record<RefusalCode, string>> {
  return {
    token_missing: `the link has the parameter "${tokenParameter}"`,
    token_repeated: "it has it once only",
    token_too_long: "the token has no more than 4096 characters",
    token_malformed: "it is a well-formed JWT",
    algorithm_not_allowed: "it says it is signed with RS256",
    header_not_supported: "its header asks for nothing unusual",
    keys_unavailable: "the public keys can be read",
    signature_invalid: "one of the keys made its signature",
    issuer_mismatch: `its issuer (iss) is "${issuer}"`,
    subject_mismatch: `its subject (sub) is "${subject}"`,
    audience_mismatch:
      audience === undefined ? "it is not meant for another server (aud)" : `it is meant for "${audience}" (aud)`,
    expiry_missing: "it has an expiry (exp)",
    claim_malformed: "its times are numbers of seconds",
    token_expired: `it has not expired (${formatDuration(clockSkew)} of clock skew granted)`,
    token_not_yet_valid: "it is valid already (nbf, iat)",
    expiry_too_far: `it expires within ${formatDuration(maxLifetime)} from now`,
  };
}
