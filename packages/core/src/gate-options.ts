import type { ClaimsPolicy } from "./claims-policy.ts";
import { configurationError } from "./configuration-error.ts";
import { defaultTokenParameter } from "./download-url.ts";
import type { GateKeys } from "./key-ring.ts";

/** How to make a gate. Only `keys` is needed; the defaults are Jamf Pro's policy. */
export interface GateOptions {
  /**
   * The public key or keys whose tokens are accepted: PEM text (SPKI, PKCS#1 or a certificate), a
   * JWK, a JWK Set, a CryptoKey, a KeyObject, an array of these, or a key resolver such as jose's
   * `createRemoteJWKSet` returns. RSA of 2048 to 8192 bits.
   */
  readonly keys: GateKeys;
  /** What `iss` must be. Default `"JSS"`, Jamf Pro's. */
  readonly issuer?: string | undefined;
  /**
   * What `sub` must be. Default `"AppManifest"`, Jamf Pro's. The same key may sign tokens for
   * other purposes, so this is a security check.
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
  /** How many verified tokens to remember, up to 1 000 000; 0 remembers none. Default 10 000, about 10 MB when full. */
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

const optionNames = [
  "keys",
  "issuer",
  "subject",
  "audience",
  "clockSkew",
  "maxLifetime",
  "tokenParameter",
  "cacheSize",
  "now",
];

const longestLifetime = 31 * 24 * 60 * 60;

/** Judges the options and fills in defaults; throws a configuration error that names the option. */
export function readGateOptions(options: GateOptions): GateSettings {
  if (typeof options !== "object" || options === null) {
    throw configurationError("options", "give an object with at least { keys }");
  }
  for (const name of Object.keys(options)) {
    if (!optionNames.includes(name)) {
      throw configurationError(
        name,
        `there is no such option; the options are ${optionNames.join(", ")}`,
      );
    }
  }
  const { keys, audience, now = currentTime } = options;
  if (keys === undefined || keys === null) {
    throw configurationError(
      "keys",
      "it is missing; give the public half of the key that signs the tokens",
    );
  }
  const tokenParameter = text(options, "tokenParameter", defaultTokenParameter);
  if (!/^[A-Za-z0-9_.~-]+$/.test(tokenParameter)) {
    throw configurationError("tokenParameter", "use letters, digits, and _ . ~ - only");
  }
  judgeClock(now);
  return {
    keys,
    policy: {
      issuer: text(options, "issuer", "JSS"),
      subject: text(options, "subject", "AppManifest"),
      audience: audience === undefined ? undefined : text(options, "audience", ""),
      clockSkew: quantity(options, "clockSkew", 60, { min: 0, max: 300, unit: "seconds" }),
      maxLifetime: quantity(options, "maxLifetime", 7200, {
        min: 1,
        max: longestLifetime,
        unit: "seconds",
      }),
    },
    tokenParameter,
    cacheSize: Math.floor(
      quantity(options, "cacheSize", 10_000, { min: 0, max: 1_000_000, unit: "tokens" }),
    ),
    now,
  };
}

function text(
  options: GateOptions,
  name: "issuer" | "subject" | "audience" | "tokenParameter",
  fallback: string,
): string {
  const { [name]: value = fallback } = options;
  if (typeof value === "string" && value !== "") return value;
  throw configurationError(name, "give a string that is not empty, or leave the option out");
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

function quantity(
  options: GateOptions,
  name: "clockSkew" | "maxLifetime" | "cacheSize",
  fallback: number,
  { min, max, unit }: Bounds,
): number {
  const { [name]: value = fallback } = options;
  if (typeof value === "number" && value >= min && value <= max) return value;
  throw configurationError(name, `give a number of ${unit} from ${min} to ${max}`);
}

function judgeClock(now: unknown): void {
  if (typeof now !== "function")
    throw configurationError("now", "give a function that returns seconds since 1970");
  const seconds: unknown = now();
  if (!Number.isFinite(seconds))
    throw configurationError("now", "it must return a finite number of seconds since 1970");
  if ((seconds as number) > 1e11) {
    throw configurationError(
      "now",
      "it returns milliseconds, it seems; return seconds: Date.now() / 1000",
    );
  }
}

function currentTime(): number {
  return Date.now() / 1000;
}
