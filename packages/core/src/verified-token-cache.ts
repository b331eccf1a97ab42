import type { JoseHeader } from "./jose-header.ts";
import type { JsonObject } from "./json-object.ts";
import type { VerificationKey } from "./rs256.ts";

/** What is worked out only once for each token. Its times and its key are checked every time. */
export interface VerifiedToken {
  readonly token: string;
  readonly header: JoseHeader;
  readonly claims: JsonObject;
  readonly key: VerificationKey;
}

/** 72 bits of the signature: practically unique. If two tokens have the same ones, the older token is forgotten. */
const endOf = (token: string): string => token.slice(-12);

/** Caches tokens whose signature is valid. */
export interface VerifiedTokenCache {
  get(token: string): VerifiedToken | undefined;
  add(verified: VerifiedToken): void;
}

/**
 * Creates a cache for at most `size` tokens.
 *
 * A token is looked up by the end of its signature, which costs less than hashing the whole token, and then compared in
 * full, so that a collision is a miss and never a hit. There are two generations of half the size each: when the
 * younger is full, the older is dropped, so memory stays bounded whatever is sent. Only tokens with a valid signature
 * are stored.
 */
export function createVerifiedTokenCache(size: number): VerifiedTokenCache {
  const generationSize = Math.ceil(size / 2);
  if (generationSize === 0) return { get: () => undefined, add: () => {} };
  let younger = new Map<string, VerifiedToken>();
  let older = new Map<string, VerifiedToken>();

  function add(verified: VerifiedToken): void {
    if (younger.size >= generationSize) {
      older = younger;
      younger = new Map();
    }
    // A copy: a slice of a string makes engines keep the whole string, here the URL, in memory.
    const token = verified.token.split(".").join(".");
    younger.set(endOf(token), { ...verified, token });
  }

  function get(token: string): VerifiedToken | undefined {
    const end = endOf(token);
    const recent = younger.get(end);
    if (recent?.token === token) return recent;
    const verified = older.get(end);
    if (verified?.token !== token) return undefined;
    add(verified);
    return verified;
  }

  return { get, add };
}
