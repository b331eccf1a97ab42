import type { ClaimsPolicy } from "./claims-policy.ts";
import { configurationError } from "./configuration-error.ts";
import { gateDefaults, gateLimits } from "./gate-defaults.ts";
import type { GateKeys } from "./key-ring.ts";

/** How to create a gate. Only `keys` is needed; the defaults are Jamf Pro's policy. */
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
  /** How far the issuer's clock can be off, in seconds, 0 to 300. Default 60. */
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

/** The options with defaults filled in, all checked. */
export interface GateSettings {
  readonly keys: GateKeys;
  readonly policy: ClaimsPolicy;
  readonly tokenParameter: string;
  readonly cacheSize: number;
  readonly now: () => number;
}

/** A time in seconds lies between the years -1200 and 5138; anything else is in milliseconds. */
const largestTime = 1e11;

/** What each option must be: a predicate, and what to say if it does not hold. */
type Rule = readonly [holds: (value: unknown) => boolean, requirement: string];

const text: Rule = [(value) => typeof value === "string" && value !== "", "give a non-empty string"];

const rules: Readonly<Record<Exclude<keyof GateOptions, "keys">, Rule>> = {
  issuer: text,
  subject: text,
  audience: text,
  clockSkew: withinLimits("clockSkew"),
  maxLifetime: withinLimits("maxLifetime"),
  tokenParameter: [
    (value) => typeof value === "string" && /^[\w.~-]+$/.test(value),
    "give a name of letters, digits, and _ . ~ - only",
  ],
  cacheSize: withinLimits("cacheSize"),
  now: [
    (value) => typeof value === "function" && isNumberBetween(value(), -largestTime, largestTime),
    "give a function that returns seconds (not milliseconds) since 1970",
  ],
};

/** Checks the options and fills in defaults; throws a configuration error that names the option. */
export function readGateOptions(options: GateOptions): GateSettings {
  // Read once: what was checked is what is used, whatever getters the caller's object has.
  const { keys, ...given } = { ...options };
  if (keys === undefined || keys === null) {
    throw configurationError("keys", "give the public half of the key that signs the tokens");
  }
  for (const [name, value] of Object.entries<unknown>(given)) {
    if (!isOptionName(name)) {
      throw configurationError(name, "unknown option", `Use one of keys, ${Object.keys(rules).join(", ")}.`);
    }
    const [holds, requirement] = rules[name];
    if (value !== undefined && !holds(value)) throw configurationError(name, requirement);
  }
  const { audience, issuer = gateDefaults.issuer, subject = gateDefaults.subject } = given;
  const { clockSkew = gateDefaults.clockSkew, maxLifetime = gateDefaults.maxLifetime } = given;
  const { tokenParameter = gateDefaults.tokenParameter, cacheSize = gateDefaults.cacheSize } = given;
  const { now = () => Date.now() / 1000 } = given;
  const policy = { issuer, subject, audience, clockSkew, maxLifetime };
  return { keys, policy, tokenParameter, cacheSize, now };
}

function isOptionName(name: string): name is keyof typeof rules {
  return Object.keys(rules).includes(name);
}

function isNumberBetween(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && value >= min && value <= max;
}

function withinLimits(option: keyof typeof gateLimits): Rule {
  const { min, max, unit } = gateLimits[option];
  return [(value) => isNumberBetween(value, min, max), `give a number of ${unit} from ${min} to ${max}`];
}
