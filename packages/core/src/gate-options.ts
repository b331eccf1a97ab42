import type { ClaimsPolicy } from "./claims-policy.ts";
import { configurationError } from "./configuration-error.ts";
import { gateDefaults, gateLimits } from "./gate-defaults.ts";
import type { GateKeys } from "./key-ring.ts";

/** The options of a gate. Only `keys` is required; the defaults are Jamf Pro's policy. */
export interface GateOptions {
  /**
   * The public key or keys whose tokens are accepted: PEM text (SPKI, PKCS#1 or a certificate), a JWK, a JWK Set, a
   * CryptoKey, an array of these, or a key resolver such as the one that jose's `createRemoteJWKSet` returns. Only RSA
   * keys of 2048 to 8192 bits.
   */
  readonly keys: GateKeys;
  /** What `iss` must be. Default `"JSS"`, as in Jamf Pro's tokens. */
  readonly issuer?: string | undefined;
  /**
   * What `sub` must be. Default `"AppManifest"`, as in Jamf Pro's tokens. The same key might sign tokens for other
   * purposes, so this is a security check.
   */
  readonly subject?: string | undefined;
  /** What `aud` must be or contain. If unset, a token that has an `aud` is refused (RFC 7519 section 4.1.3). */
  readonly audience?: string | undefined;
  /**
   * Whether a token is valid for one path only: its `aud` must be one string, equal to the path of the request exactly
   * as it was sent. Default `false`. Cannot be combined with `audience`.
   */
  readonly pathBound?: boolean | undefined;
  /** How far the issuer's clock can be off, in seconds, 0 to 300. Default 60. */
  readonly clockSkew?: number | undefined;
  /**
   * How far in the future `exp` can be, in seconds, up to 31 days. Default 7200, the longest expiry that Jamf Pro
   * offers. If a trusted key has signed a token that expires later than this, that is a mistake or an attack.
   */
  readonly maxLifetime?: number | undefined;
  /** The query parameter that carries the token. Default `"token"`. */
  readonly tokenParameter?: string | undefined;
  /** How many verified tokens to cache, up to 1 000 000; 0 turns the cache off. Default 10 000. */
  readonly cacheSize?: number | undefined;
  /** The clock, in seconds since 1970. For tests. */
  readonly now?: (() => number) | undefined;
}

/** The options with defaults filled in, all checked; times in seconds. */
export type GateSettings = ClaimsPolicy & {
  readonly keys: GateKeys;
  readonly tokenParameter: string;
  readonly cacheSize: number;
  readonly now: () => number;
};

/** The rule for each option: a predicate, and the problem to report if it is false. */
type Rule = readonly [holds: (value: unknown) => boolean, requirement: string];

const text: Rule = [(value) => typeof value === "string" && value !== "", "must be a non-empty string"];

const rules: Readonly<Record<keyof GateOptions, Rule>> = {
  keys: [(value) => value !== null && value !== undefined, "must be the public half of the key that signs the tokens"],
  issuer: text,
  subject: text,
  audience: text,
  pathBound: [(value) => typeof value === "boolean", "must be true or false"],
  clockSkew: withinLimits("clockSkew"),
  maxLifetime: withinLimits("maxLifetime"),
  tokenParameter: [
    (value) => typeof value === "string" && /^[\w.~-]+$/.test(value),
    "must be letters, digits, and _ . ~ - only",
  ],
  cacheSize: withinLimits("cacheSize"),
  now: [
    // In seconds, this range covers the years -1200 to 5138; a number outside it must be in milliseconds.
    (value) => typeof value === "function" && isNumberBetween(value(), -1e11, 1e11),
    "must be a function that returns seconds (not milliseconds) since 1970",
  ],
};

/** Checks the options and fills in defaults; throws a configuration error that names the option. */
export function readGateOptions(options: GateOptions): GateSettings {
  const settings: Record<string, unknown> = { ...gateDefaults, now: () => Date.now() / 1000 };
  // Read once: what was checked is what is used, whatever getters the caller's object has. Missing `keys` are reported
  // even if there is no options object at all.
  for (const [name, value] of Object.entries<unknown>(Object.assign({ keys: undefined }, options))) {
    const rule = Object.keys(rules).includes(name) ? rules[name as keyof GateOptions] : undefined;
    if (!rule) throw configurationError(name, "unknown option", `Use one of ${Object.keys(rules).join(", ")}.`);
    const [holds, requirement] = rule;
    if (value === undefined && name !== "keys") continue;
    if (!holds(value)) throw configurationError(name, requirement);
    settings[name] = value;
  }
  if (settings.pathBound && settings.audience !== undefined) {
    throw configurationError("pathBound", "cannot be combined with audience");
  }
  return settings as unknown as GateSettings;
}

function isNumberBetween(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && value >= min && value <= max;
}

function withinLimits(option: keyof typeof gateLimits): Rule {
  const { min, max, unit } = gateLimits[option];
  return [(value) => isNumberBetween(value, min, max), `must be a number of ${unit} from ${min} to ${max}`];
}
