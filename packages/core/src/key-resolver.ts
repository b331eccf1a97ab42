import { importKeys } from "./import-keys.ts";
import type { JoseHeader } from "./jose-header.ts";
import type { CryptoKeyLike, PublicJwk } from "./public-key.ts";
import type { VerificationKey } from "./rs256.ts";

/** What a key resolver can return. */
export type ResolvedKey = CryptoKeyLike | PublicJwk | VerificationKey;

/**
 * Finds the key for a token by its protected header. It has the shape of the functions that jose's
 * `createRemoteJWKSet` and `createLocalJWKSet` return. The header is not verified yet.
 */
export type KeyResolver = (header: JoseHeader) => ResolvedKey | Promise<ResolvedKey>;

/** Calls a resolver and imports what it returns, once for each object that it returns. */
export function createKeyFinder(resolver: KeyResolver): (header: JoseHeader) => Promise<readonly VerificationKey[]> {
  const known = new WeakMap<ResolvedKey, readonly VerificationKey[]>();

  return async (header) => {
    const keys: VerificationKey[] = [];
    for (const resolved of await askResolver(resolver, header)) {
      const trusted = known.get(resolved) ?? (await importKeys(resolved));
      known.set(resolved, trusted);
      keys.push(...trusted);
    }
    return keys;
  };
}

/** If several keys match, as is usual for tokens without `kid`, jose throws an error that iterates over all of them. */
async function askResolver(resolver: KeyResolver, header: JoseHeader): Promise<readonly ResolvedKey[]> {
  try {
    return [await resolver(header)];
  } catch (error) {
    const { code } = error as { code?: string };
    const candidates: ResolvedKey[] = [];
    if (code === "ERR_JWKS_NO_MATCHING_KEY") return candidates;
    if (code !== "ERR_JWKS_MULTIPLE_MATCHING_KEYS") throw error;
    for await (const key of error as AsyncIterable<ResolvedKey>) candidates.push(key);
    return candidates;
  }
}
