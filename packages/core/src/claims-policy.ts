import type { JsonObject } from "./json-object.ts";
import type { Result } from "./refusal.ts";

/** The claims of a verified token (RFC 7519 section 4): frozen, inheriting nothing. */
export type Claims = JsonObject & {
  readonly iss: string;
  readonly sub: string;
  /** Expiry, in seconds since 1970. */
  readonly exp: number;
};

/** The registered claims (RFC 7519 section 4.1) that a policy checks, as received. */
export type RegisteredClaims = { readonly [Name in "iss" | "sub" | "aud" | "exp" | "nbf" | "iat"]?: unknown };

/** What the claims must be; times are in seconds. */
export interface ClaimsPolicy {
  readonly issuer: string;
  readonly subject: string;
  readonly audience?: string | undefined;
  /** Whether `aud` must be the requested path; cannot be combined with `audience`. */
  readonly pathBound?: boolean | undefined;
  readonly clockSkew: number;
  readonly maxLifetime: number;
}

/**
 * Validates the claims of a token; `now` is in seconds since 1970. Does not check the signature: valid claims mean
 * nothing until a trusted key has verified it.
 *
 * `path` is the requested path, as {@link readPath} returns it; only a path-bound policy compares it.
 *
 * The comparisons fail if a value is not a number, so if the clock returns NaN, every token is refused.
 */
export function validateClaims(
  claims: RegisteredClaims,
  policy: ClaimsPolicy,
  now: number,
  path?: string | undefined,
): Result<{ readonly exp: number }> {
  const { iss, sub, aud, exp, nbf = 0, iat = 0 } = claims;
  const { clockSkew, maxLifetime } = policy;
  if (iss !== policy.issuer) return { refusal: "issuer_mismatch" };
  if (sub !== policy.subject) return { refusal: "subject_mismatch" };
  if (policy.pathBound) {
    // The type is checked first: a token without `aud` must not match a request without a path.
    if (typeof aud !== "string" || aud !== path) return { refusal: "path_mismatch" };
    // RFC 7519 section 4.1.3: a server must refuse a token whose audience does not name it.
  } else if (!(Array.isArray(aud) ? aud.includes(policy.audience) : aud === policy.audience)) {
    return { refusal: "audience_mismatch" };
  }

  if (exp === undefined) return { refusal: "expiry_missing" };
  if (!isNumericDate(exp) || exp === 0 || !isNumericDate(nbf) || !isNumericDate(iat)) {
    return { refusal: "claim_malformed" };
  }

  if (!(now < exp + clockSkew)) return { refusal: "token_expired" };
  if (!(now + clockSkew >= Math.max(nbf, iat))) return { refusal: "token_not_yet_valid" };
  if (!(exp <= now + maxLifetime + clockSkew)) return { refusal: "expiry_too_far" };
  return { exp };
}

/** NumericDate (RFC 7519 section 2): JSON allows 1e999, which JavaScript reads as Infinity. */
function isNumericDate(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 2 ** 53;
}
