import { configurationError, isConfigurationError } from "./configuration-error.ts";
import type { JoseHeader } from "./jose-header.ts";
import { createKeyFinder, type KeyResolver } from "./key-resolver.ts";
import { type ParsedPublicKey, type PublicKeySource, readPublicKeys } from "./public-key.ts";
import { importKeys, type VerificationKey } from "./rs256.ts";

/** The keys that a gate trusts: one or several public keys, or a function that finds them. */
export type GateKeys = PublicKeySource | readonly PublicKeySource[] | KeyResolver;

/** The trusted keys of one gate. */
export interface KeyRing {
  /** Imports the keys; rejects if one cannot be used. */
  ready(): Promise<void>;
  /**
   * The keys that may have signed a token with this header: all of them, or, where token and key
   * both have a `kid`, only those that agree. For an unknown `kid` that leaves the keys without one,
   * and if there are none, no key: `signature_invalid`. Rejects if the keys cannot be loaded.
   */
  keysFor(header: JoseHeader): readonly VerificationKey[] | Promise<readonly VerificationKey[]>;
}

/** Creates a key ring; throws a configuration error for keys that are recognisably wrong. */
export function createKeyRing(keys: GateKeys): KeyRing {
  if (typeof keys === "function") {
    return { ready: async () => {}, keysFor: createKeyFinder(keys) };
  }
  const parsed = parseAll(keys);
  let trusted: readonly VerificationKey[] | undefined;

  // Each caller loads for itself until one is done: on Workers no request may wait for a promise
  // that belongs to another.
  async function load(): Promise<readonly VerificationKey[]> {
    trusted ??= await importKeys(parsed);
    return trusted;
  }

  return {
    async ready() {
      try {
        await load();
      } catch (cause) {
        throw isConfigurationError(cause)
          ? cause
          : configurationError("keys", `cannot be used in this runtime: ${cause}`);
      }
    },
    keysFor({ kid }) {
      const fits = (key: VerificationKey): boolean => key.kid === undefined || key.kid === kid;
      if (kid === undefined) return trusted ?? load();
      return trusted?.filter(fits) ?? load().then((keys) => keys.filter(fits));
    },
  };
}

/** The RFC 7638 thumbprints of keys, in order: their names in decisions, logs and metrics. */
export async function keyThumbprints(keys: Exclude<GateKeys, KeyResolver>): Promise<string[]> {
  return (await importKeys(parseAll(keys))).map(({ keyId }) => keyId);
}

function parseAll(keys: PublicKeySource | readonly PublicKeySource[]): readonly ParsedPublicKey[] {
  const parsed: ParsedPublicKey[] = [];
  for (const source of Array.isArray(keys) ? keys : [keys]) parsed.push(...readPublicKeys(source));
  if (parsed.length === 0) throw configurationError("keys", "the list is empty; give at least one public key");
  const kids = parsed.map((key) => (typeof key === "function" ? undefined : key.kid));
  const isRepeated = kids.some((kid, index) => kid !== undefined && kids.indexOf(kid) !== index);
  if (isRepeated) throw configurationError("keys", "two keys have the same kid; give each its own, or none");
  return parsed;
}
