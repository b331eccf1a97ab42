import { gateDefaults } from "@portcullis/core";

/** Remembers when each key last matched a token. */
export interface KeyUsage {
  /** From now on these keys are in use. */
  load(keyIds: readonly string[]): void;
  matched(keyId: string): void;
  /** Keys that can be removed and have not been returned before. */
  takeUnused(): readonly string[];
}

// Jamf Pro's longest expiry: a key that signed nothing for this long has no valid token left.
const longestExpiry = gateDefaults.maxLifetime;

/**
 * Creates a tracker; `now` in seconds.
 *
 * A key counts as unused only while another one is used: after a quiet night, the log must not tell anyone to remove
 * the only key that works.
 */
export function createKeyUsage(now: () => number): KeyUsage {
  const since = new Map<string, number>();
  const lastMatched = new Map<string, number>();
  const named = new Set<string>();

  return {
    load(keyIds) {
      for (const keyId of since.keys()) if (!keyIds.includes(keyId)) since.delete(keyId);
      for (const keyId of keyIds) if (!since.has(keyId)) since.set(keyId, now());
    },
    matched(keyId) {
      lastMatched.set(keyId, now());
      named.delete(keyId);
    },
    takeUnused() {
      const idle = (keyId: string, start: number) =>
        now() - Math.max(start, lastMatched.get(keyId) ?? 0) >= longestExpiry;
      const unused = [...since].filter(([keyId, start]) => idle(keyId, start));
      const othersAreUsed = [...since].some(([keyId, start]) => lastMatched.has(keyId) && !idle(keyId, start));
      if (!othersAreUsed) return [];
      const fresh = unused.map(([keyId]) => keyId).filter((keyId) => !named.has(keyId));
      for (const keyId of fresh) named.add(keyId);
      return fresh;
    },
  };
}
