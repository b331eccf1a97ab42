import type { JsonObject } from "./json-object.ts";
import type { RefusalCode } from "./refusal.ts";

/** The claims of a verified token (RFC 7519 section 4): frozen, without a prototype. */
export type Claims = JsonObject & {
  readonly iss: string;
  readonly sub: string;
  /** Expiry, in seconds since 1970. */
  readonly exp: number;
};

/** The claims that a policy judges, as they came; read once for every time that they are judged. */
export type RegisteredClaims = Readonly<Record<"iss" | "sub" | "aud" | "exp" | "nbf" | "iat", unknown>>;

/** What claims must say; times in seconds. */
export interface ClaimsPolicy {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string | undefined;
  readonly clockSkew: number;
  readonly maxLifetime: number;
}

/**
 * Judges the claims of a token whose signature holds; `now` is in seconds since 1970.
 *
 * Comparisons are written so that they fail if a number is not one: a clock that returns NaN
 * refuses everything.
 */
export function validateClaims(claims: RegisteredClaims, policy: ClaimsPolicy, now: number): RefusalCode | undefined {
  const { iss, sub, aud, exp, nbf, iat } = claims;
  const { clockSkew, maxLifetime } = policy;
  if (iss !== policy.issuer) return "issuer_mismatch";
  if (sub !== policy.subject) return "subject_mismatch";
  if (!isAudience(aud, policy.audience)) return "audience_mismatch";

  if (exp === undefined) return "expiry_missing";
  if (!isTime(exp) || exp === 0) return "claim_malformed";
  if (nbf !== undefined && !isTime(nbf)) return "claim_malformed";
  if (iat !== undefined && !isTime(iat)) return "claim_malformed";

  if (!(now < exp + clockSkew)) return "token_expired";
  if (nbf !== undefined && !(now + clockSkew >= nbf)) return "token_not_yet_valid";
  if (iat !== undefined && !(now + clockSkew >= iat)) return "token_not_yet_valid";
  if (!(exp <= now + maxLifetime + clockSkew)) return "expiry_too_far";
  return undefined;
}

/** RFC 7519 section 4.1.3: a token with an audience is refused by whoever is not named in it, or has no name. */
function isAudience(aud: unknown, audience: string | undefined): boolean {
  return Array.isArray(aud) ? aud.includes(audience) : aud === audience;
}

/** NumericDate (RFC 7519 section 2): JSON allows 1e999, which JavaScript reads as Infinity. */
function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 2 ** 53;
}
