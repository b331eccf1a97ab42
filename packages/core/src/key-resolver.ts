import type { JoseHeader } from "./jose-header.ts";
import {
  type CryptoKeyLike,
  type KeyObjectLike,
  type PublicJwk,
  readPublicKeys,
} from "./public-key.ts";
import { type TrustedKey, trustKeys } from "./rs256.ts";

/** What a key resolver may return; anything empty means that no key fits. */
export type ResolvedKey = CryptoKeyLike | KeyObjectLike | PublicJwk | string | undefined | null;

/**
 * Finds the keys for a token by its protected header: the shape of the functions that jose's
 * `createRemoteJWKSet` and `createLocalJWKSet` return. The header is not verified yet.
 */
export type KeyResolver = (
  header: JoseHeader,
) => ResolvedKey | readonly ResolvedKey[] | Promise<ResolvedKey | readonly ResolvedKey[]>;

/** Asks a resolver and makes what it returns ready, once for each object that it returns. */
export function createKeyFinder(
  resolver: KeyResolver,
): (header: JoseHeader) => Promise<readonly TrustedKey[]> {
  const known = new WeakMap<object, readonly TrustedKey[]>();

  async function trustResolved(resolved: ResolvedKey): Promise<readonly TrustedKey[]> {
    if (resolved === undefined || resolved === null) return [];
    const isObject = typeof resolved === "object";
    const alreadyTrusted = isObject ? known.get(resolved) : undefined;
    if (alreadyTrusted) return alreadyTrusted;
    const trusted = await trustKeys(readPublicKeys(resolved));
    if (isObject) known.set(resolved, trusted);
    return trusted;
  }

  return async (header) => {
    const keys: TrustedKey[] = [];
    for (const resolved of await askResolver(resolver, header)) {
      keys.push(...(await trustResolved(resolved)));
    }
    return keys;
  };
}

async function askResolver(
  resolver: KeyResolver,
  header: JoseHeader,
): Promise<readonly ResolvedKey[]> {
  try {
    const resolved = await resolver(header);
    return Array.isArray(resolved) ? resolved : [resolved as ResolvedKey];
  } catch (error) {
    const { code } = (error ?? {}) as { code?: unknown };
    if (code === "ERR_JWKS_NO_MATCHING_KEY") return [];
    if (code === "ERR_JWKS_MULTIPLE_MATCHING_KEYS")
      return collect(error as AsyncIterable<ResolvedKey>);
    throw error;
  }
}

/** jose's error for several fitting keys, the usual case for tokens without `kid`, holds them all. */
async function collect(candidates: AsyncIterable<ResolvedKey>): Promise<ResolvedKey[]> {
  const iterator = candidates[Symbol.asyncIterator]();
  const found: ResolvedKey[] = [];
  for (let next = await iterator.next(); !next.done; next = await iterator.next())
    found.push(next.value);
  return found;
}
