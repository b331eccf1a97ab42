/**
 * Every reason to refuse a request, in the order in which the checks run.
 *
 * `status` is the HTTP status code, `error` the RFC 6750 section 3.1 error code of the challenge
 * (`undefined`: a bare challenge, or none at all for 503), `message` one sentence a person can act
 * on. Messages are fixed text: nothing that came with the request can appear in them.
 */
const refusals = {
  // The URL (download-url.ts)
  token_missing: {
    status: 401,
    error: undefined,
    message: "The URL carries no token: use the link that the install command gave.",
  },
  token_repeated: {
    status: 400,
    error: "invalid_request",
    message: "The URL carries the token parameter more than once: send it exactly once.",
  },
  token_too_long: {
    status: 400,
    error: "invalid_request",
    message: "The token is longer than 4096 characters: no token for downloads is that long.",
  },
  // The form of the token (compact-jws.ts, jose-header.ts)
  token_malformed: {
    status: 401,
    error: "invalid_token",
    message:
      "The token is not a well-formed JWT: it may have been cut short or changed in copying.",
  },
  algorithm_not_allowed: {
    status: 401,
    error: "invalid_token",
    message: "The token is not signed with RS256, the only algorithm accepted here.",
  },
  header_not_supported: {
    status: 401,
    error: "invalid_token",
    message:
      "The token's header asks for something that is not supported, such as crit, b64 or zip.",
  },
  // The signature (key-ring.ts)
  keys_unavailable: {
    status: 503,
    error: undefined,
    message: "The public keys could not be loaded, so no token can be checked: try again shortly.",
  },
  signature_invalid: {
    status: 401,
    error: "invalid_token",
    message:
      "No trusted key made this token's signature: compare the server's public key with the issuer's private key.",
  },
  // The claims (claims-policy.ts)
  issuer_mismatch: {
    status: 401,
    error: "invalid_token",
    message: "The token's issuer (iss) is not the one this server expects.",
  },
  subject_mismatch: {
    status: 401,
    error: "invalid_token",
    message:
      "The token's subject (sub) is not the one this server expects: it may be meant for another use.",
  },
  audience_mismatch: {
    status: 401,
    error: "invalid_token",
    message: "The token's audience (aud) does not name this server.",
  },
  expiry_missing: {
    status: 401,
    error: "invalid_token",
    message: "The token has no expiry (exp), and a token that never expires is not accepted.",
  },
  claim_malformed: {
    status: 401,
    error: "invalid_token",
    message: "A time in the token (exp, nbf or iat) is not a valid number of seconds since 1970.",
  },
  token_expired: {
    status: 401,
    error: "invalid_token",
    message: "The token has expired: send the install command again to get a fresh link.",
  },
  token_not_yet_valid: {
    status: 401,
    error: "invalid_token",
    message: "The token is not valid yet: compare the clocks of the issuer and of this server.",
  },
  expiry_too_far: {
    status: 401,
    error: "invalid_token",
    message:
      "The token expires further ahead than this server accepts: shorten the issuer's token expiry.",
  },
} as const;

/** A stable name for one reason to refuse; compare these in code and in logs, not the messages. */
export type RefusalCode = keyof typeof refusals;

/** What is said about a refusal code: HTTP status, RFC 6750 error code, and a sentence for people. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly status: 400 | 401 | 503;
  readonly error: "invalid_request" | "invalid_token" | undefined;
  readonly message: string;
}

/** All refusal codes, in the order in which the checks run. */
export const refusalCodes: readonly RefusalCode[] = Object.keys(refusals) as RefusalCode[];

/** Looks up what is said about a refusal code. */
export function describeRefusal(code: RefusalCode): Refusal {
  const { status, error, message } = refusals[code];
  return { code, status, error, message };
}
