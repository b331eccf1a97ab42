/** What a check looks at, in the order of the checks. */
export type CheckStage = "url" | "token" | "keys" | "signature" | "claims";

/** Everything about one reason to refuse a request. */
export interface Refusal {
  /** A stable name; compare this in code and in logs, not the message. */
  readonly code: RefusalCode;
  readonly stage: CheckStage;
  /** The HTTP status code. */
  readonly status: 400 | 401 | 503;
  /**
   * The RFC 6750 section 3.1 error code; `undefined` for a challenge without an error code, or, with 503, for no
   * challenge.
   */
  readonly error: "invalid_request" | "invalid_token" | undefined;
  /** One sentence that a person can act on. Fixed text: nothing from the request is in it. */
  readonly message: string;
}

/**
 * What a step of the check returns if it can refuse for more than one reason: the fields of its value, or `refusal`.
 * All steps share this shape; with it, the compiler allows access to the value only after a check of `refusal`. (A
 * decoder that can only fail as a whole returns `undefined` instead.)
 */
export type Result<Value> =
  | (Value & { readonly refusal?: undefined })
  | ({ readonly [Field in keyof Value]?: undefined } & { readonly refusal: RefusalCode });

/**
 * Every reason to refuse a request, in the order in which the checks run. The error is `null` for a
 * client that sent no token at all (RFC 6750 section 3), and where no token can be checked.
 */
// biome-ignore format: a table, one row per line
const table = {
  // download-url.ts
  token_missing: ["url", 401, null, "The URL carries no token; use the link from the install command."],
  token_repeated: ["url", 400, "invalid_request", "The URL carries the token parameter more than once; send it exactly once."],
  // compact-jws.ts, jose-header.ts
  token_too_long: ["token", 400, "invalid_request", "The token is longer than 4096 characters; download tokens are shorter."],
  token_malformed: ["token", 401, "invalid_token", "The token is not a well-formed JWT; it may have been truncated or changed when it was copied."],
  algorithm_not_allowed: ["token", 401, "invalid_token", "The token is not signed with RS256, the only algorithm accepted."],
  header_not_supported: ["token", 401, "invalid_token", "The token's header asks for something unsupported, such as crit, b64 or zip."],
  // key-ring.ts, rs256.ts
  keys_unavailable: ["keys", 503, null, "The public keys could not be loaded, so no token can be checked; try again shortly."],
  signature_invalid: ["signature", 401, "invalid_token", "The signature was not made with a trusted key; check that the server has the issuer's public key."],
  // claims-policy.ts
  issuer_mismatch: ["claims", 401, "invalid_token", "The token's issuer (iss) is not the one expected."],
  subject_mismatch: ["claims", 401, "invalid_token", "The token's subject (sub) is not the one expected; it may be meant for another use."],
  audience_mismatch: ["claims", 401, "invalid_token", "The token's audience (aud) does not name this server."],
  path_mismatch: ["claims", 401, "invalid_token", "The token is not for this path; use the link exactly as it was issued."],
  expiry_missing: ["claims", 401, "invalid_token", "The token has no expiry (exp); a token that never expires is not accepted."],
  claim_malformed: ["claims", 401, "invalid_token", "A time in the token (exp, nbf or iat) is not a valid number of seconds since 1970."],
  token_expired: ["claims", 401, "invalid_token", "The token has expired; send the install command again for a fresh link."],
  token_not_yet_valid: ["claims", 401, "invalid_token", "The token is not valid yet; compare the clocks of the issuer and this server."],
  expiry_too_far: ["claims", 401, "invalid_token", "The token expires too far in the future; shorten the issuer's token expiry."],
} as const;

/** A stable name for one reason to refuse. */
export type RefusalCode = keyof typeof table;

/** All refusal codes, in the order in which the checks run. */
export const refusalCodes: readonly RefusalCode[] = Object.keys(table) as RefusalCode[];

/** The refusal table, by code. */
export const refusals: Readonly<Record<RefusalCode, Refusal>> = readTable();

function readTable(): Record<RefusalCode, Refusal> {
  const rows = {} as Record<RefusalCode, Refusal>;
  for (const code of refusalCodes) {
    const [stage, status, error, message] = table[code];
    rows[code] = { code, stage, status, error: error ?? undefined, message };
  }
  return rows;
}
