import type { JoseHeader } from "./jose-header.ts";
import type { JsonObject } from "./json-object.ts";
import type { TrustedKey } from "./rs256.ts";

/** What need not be worked out twice for one token. Its times and its key are judged again each time. */
export interface VerifiedToken {
  readonly header: JoseHeader;
  readonly claims: JsonObject;
  readonly key: TrustedKey;
}

/** Remembers tokens whose signature held. */
export interface VerifiedTokenCache {
  get(token: string): VerifiedToken | undefined;
  set(token: string, verified: VerifiedToken): void;
}

/**
 * Makes a cache for at most `size` tokens, keyed by the whole token.
 *
 * Two generations of half the size each: when the younger is full, the older is dropped whole. So
 * memory stays bounded at the cost of one map look-up, whatever is sent. Failures are not kept.
 */
export function createVerifiedTokenCache(size: number): VerifiedTokenCache {
  const generationSize = Math.ceil(size / 2);
  if (generationSize === 0) return { get: () => undefined, set: () => {} };
  let younger = new Map<string, VerifiedToken>();
  let older = new Map<string, VerifiedToken>();

  function set(token: string, verified: VerifiedToken): void {
    if (younger.size >= generationSize) {
      older = younger;
      younger = new Map();
    }
    // A copy: engines keep the whole URL in memory for the sake of a token that was cut out of it.
    younger.set(token.split(".").join("."), verified);
  }

  function get(token: string): VerifiedToken | undefined {
    const recent = younger.get(token);
    if (recent) return recent;
    const verified = older.get(token);
    if (verified) set(token, verified);
    return verified;
  }

  return { get, set };
}
