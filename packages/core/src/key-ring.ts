import { configurationError, isConfigurationError } from "./configuration-error.ts";
import type { JoseHeader } from "./jose-header.ts";
import { createKeyFinder, type KeyResolver } from "./key-resolver.ts";
import { type ParsedPublicKey, type PublicKeySource, readPublicKeys } from "./public-key.ts";
import { importKeys, type VerificationKey } from "./rs256.ts";

/** The keys that a gate trusts: one or several public keys, or a function that finds them. */
export type GateKeys = PublicKeySource | readonly PublicKeySource[] | KeyResolver;

/** The trusted keys of one gate. */
export interface KeyRing {
  /** Makes the keys ready; rejects if one cannot be used. */
  ready(): Promise<void>;
  /**
   * The keys that may have signed a token with this header: all of them, or, where token and key
   * both have a `kid`, only those that agree. Rejects if the keys cannot be had.
   */
  keysFor(header: JoseHeader): readonly VerificationKey[] | Promise<readonly VerificationKey[]>;
}

/** Makes a key ring; throws a configuration error for keys that can be seen to be wrong. */
export function createKeyRing(keys: GateKeys): KeyRing {
  if (typeof keys === "function") {
    return { ready: async () => {}, keysFor: createKeyFinder(keys) };
  }
  const readings = readAll(keys);
  let trusted: readonly VerificationKey[] | undefined;

  // Each caller loads for itself until one is done: on Workers no request may wait for a promise
  // that belongs to another.
  async function load(): Promise<readonly VerificationKey[]> {
    trusted ??= await importKeys(readings);
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

/** The RFC 7638 thumbprints of keys, in order: the names by which decisions, logs and metrics call them. */
export async function keyThumbprints(keys: Exclude<GateKeys, KeyResolver>): Promise<string[]> {
  return (await importKeys(readAll(keys))).map(({ keyId }) => keyId);
}

function readAll(keys: PublicKeySource | readonly PublicKeySource[]): readonly ParsedPublicKey[] {
  const readings: ParsedPublicKey[] = [];
  for (const source of Array.isArray(keys) ? keys : [keys]) readings.push(...readPublicKeys(source));
  if (readings.length === 0) throw configurationError("keys", "the list is empty; give at least one public key");
  const kids = readings.map((reading) => (typeof reading === "function" ? undefined : reading.kid));
  const isRepeated = kids.some((kid, index) => kid !== undefined && kids.indexOf(kid) !== index);
  if (isRepeated) throw configurationError("keys", "two keys have the same kid; give each its own, or none");
  return readings;
}
