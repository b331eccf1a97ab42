/**
 * Every reason to refuse a request, in the order in which the checks run, and what a person can do
 * about it. Messages are fixed text: nothing that came with the request can appear in them.
 */
const messages = {
  // The URL (download-url.ts)
  token_missing: "The URL carries no token; use the link that the install command gave.",
  token_repeated: "The URL carries the token parameter more than once; send it exactly once.",
  token_too_long: "The token is longer than 4096 characters; no download token is.",
  // The form of the token (compact-jws.ts, jose-header.ts)
  token_malformed: "The token is not a well-formed JWT; it may have been cut short or changed in copying.",
  algorithm_not_allowed: "The token is not signed with RS256, the only algorithm accepted.",
  header_not_supported: "The token's header asks for something unsupported, such as crit, b64 or zip.",
  // The signature (key-ring.ts)
  keys_unavailable: "The public keys could not be loaded, so no token can be checked; try again shortly.",
  signature_invalid:
    "No trusted key made this signature; compare the server's public key with the issuer's private key.",
  // The claims (claims-policy.ts)
  issuer_mismatch: "The token's issuer (iss) is not the one expected.",
  subject_mismatch: "The token's subject (sub) is not the one expected; it may be meant for another use.",
  audience_mismatch: "The token's audience (aud) does not name this server.",
  expiry_missing: "The token has no expiry (exp); a token that never expires is not accepted.",
  claim_malformed: "A time in the token (exp, nbf or iat) is not a valid number of seconds since 1970.",
  token_expired: "The token has expired; send the install command again for a fresh link.",
  token_not_yet_valid: "The token is not valid yet; compare the clocks of the issuer and this server.",
  expiry_too_far: "The token expires further ahead than is accepted; shorten the issuer's token expiry.",
} as const;

/** A stable name for one reason to refuse; compare these in code and in logs, not the messages. */
export type RefusalCode = keyof typeof messages;

/** What is said about a refusal code. */
export interface Refusal {
  readonly code: RefusalCode;
  /** The HTTP status code. */
  readonly status: 400 | 401 | 503;
  /** The RFC 6750 section 3.1 error code; `undefined` asks for a bare challenge, or, with 503, for none. */
  readonly error: "invalid_request" | "invalid_token" | undefined;
  /** One sentence a person can act on. */
  readonly message: string;
}

/** All refusal codes, in the order in which the checks run. */
export const refusalCodes: readonly RefusalCode[] = Object.keys(messages) as RefusalCode[];

/** Looks up what is said about a refusal code. */
export function describeRefusal(code: RefusalCode): Refusal {
  const message = messages[code];
  if (code === "keys_unavailable") return { code, status: 503, error: undefined, message };
  if (code === "token_missing") return { code, status: 401, error: undefined, message };
  const isBadRequest = code === "token_repeated" || code === "token_too_long";
  if (isBadRequest) return { code, status: 400, error: "invalid_request", message };
  return { code, status: 401, error: "invalid_token", message };
}
