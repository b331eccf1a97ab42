import type { ClaimsPolicy } from "./claims-policy.ts";
import { configurationError } from "./configuration-error.ts";
import type { GateKeys } from "./key-ring.ts";

/** How to make a gate. Only `keys` is needed; the defaults are Jamf Pro's policy. */
export interface GateOptions {
  /**
   * The public key or keys whose tokens are accepted: PEM text (SPKI, PKCS#1 or a certificate), a
   * JWK, a JWK Set, a CryptoKey, an array of these, or a key resolver such as jose's
   * `createRemoteJWKSet` returns. RSA of 2048 to 8192 bits.
   */
  readonly keys: GateKeys;
  /** What `iss` must be. Default `"JSS"`, Jamf Pro's. */
  readonly issuer?: string | undefined;
  /**
   * What `sub` must be. Default `"AppManifest"`, Jamf Pro's. The same key may sign tokens for other
   * purposes, so this is a security check.
   */
  readonly subject?: string | undefined;
  /** What `aud` must be or contain. Unset, a token that has an `aud` is refused (RFC 7519 section 4.1.3). */
  readonly audience?: string | undefined;
  /** How far the issuer's clock may be off, in seconds, 0 to 300. Default 60. */
  readonly clockSkew?: number | undefined;
  /**
   * How far ahead `exp` may lie, in seconds, up to 31 days. Default 7200, the longest expiry that
   * Jamf Pro offers. A token of the right key with a far expiry is a mistake or an attack.
   */
  readonly maxLifetime?: number | undefined;
  /** The query parameter that carries the token. Default `"token"`. */
  readonly tokenParameter?: string | undefined;
  /** How many verified tokens to remember, up to 1 000 000; 0 remembers none. Default 10 000. */
  readonly cacheSize?: number | undefined;
  /** The clock, in seconds since 1970. For tests. */
  readonly now?: (() => number) | undefined;
}

/** The options with defaults filled in, all judged. */
export interface GateSettings {
  readonly keys: GateKeys;
  readonly policy: ClaimsPolicy;
  readonly tokenParameter: string;
  readonly cacheSize: number;
  readonly now: () => number;
}

type Rule = readonly [holds: (value: unknown) => boolean, remedy: string];

/** A time in seconds lies between the years -1200 and 5138; anything else is in milliseconds. */
const [isTime] = between(-1e11, 1e11);

const text: Rule = [(value) => typeof value === "string" && value !== "", "give a non-empty string"];

/** What each option must be, and what to say if it is not. */
const rules: Readonly<Record<keyof GateOptions, Rule>> = {
  keys: [(value) => value !== null, "give the public half of the key that signs the tokens"],
  issuer: text,
  subject: text,
  audience: text,
  clockSkew: between(0, 300),
  maxLifetime: between(1, 31 * 24 * 60 * 60),
  tokenParameter: [
    (value) => typeof value === "string" && /^[\w.~-]+$/.test(value),
    "give a name of letters, digits, and _ . ~ - only",
  ],
  cacheSize: between(0, 1_000_000),
  now: [
    (value) => typeof value === "function" && isTime(value()),
    "give a function that returns seconds (not milliseconds) since 1970",
  ],
};

/** Judges the options and fills in defaults; throws a configuration error that names the option. */
export function readGateOptions(options: GateOptions): GateSettings {
  // Read once: what was judged is what is used, whatever getters the caller's object has.
  const given = { ...options, keys: options?.keys ?? null } as GateOptions;
  for (const [name, value] of Object.entries(given)) {
    if (!Object.keys(rules).includes(name)) {
      throw configurationError(name, `unknown option; there are ${Object.keys(rules).join(", ")}`);
    }
    const [holds, remedy] = rules[name as keyof GateOptions];
    if (value !== undefined && !holds(value)) throw configurationError(name, remedy);
  }
  const { keys, issuer = "JSS", subject = "AppManifest", audience, clockSkew = 60, maxLifetime = 7200 } = given;
  const { tokenParameter = "token", cacheSize = 10_000, now = () => Date.now() / 1000 } = given;
  const policy = { issuer, subject, audience, clockSkew, maxLifetime };
  return { keys, policy, tokenParameter, cacheSize, now };
}

function between(min: number, max: number): Rule {
  const holds = (value: unknown) => typeof value === "number" && value >= min && value <= max;
  return [holds, `give a number from ${min} to ${max}`];
}
