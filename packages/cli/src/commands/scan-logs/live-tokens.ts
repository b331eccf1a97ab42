import type { CheckedToken } from "./token-checker.ts";

/** An unexpired token in a log. */
export interface LiveToken extends CheckedToken {
  /** Where it was found first. */
  readonly file: string;
  readonly line: number;
  times: number;
}

/** The unexpired tokens in all logs; a bounded number of them, with precedence for those that might be valid. */
export interface LiveTokens {
  add(token: CheckedToken, file: string, line: number): void;
  /** Sorted by expiry, the last to expire first. */
  list(): readonly LiveToken[];
  /** Whether there were more tokens than fit. */
  overflowed(): boolean;
}

const maxTokens = 10_000;

/** Creates an empty list. */
export function createLiveTokens(): LiveTokens {
  const kept = new Map<string, LiveToken>();
  const refused: string[] = [];
  let overflowed = false;

  /** Anyone can fill a log with refused tokens; they must not displace the valid ones. */
  function makeRoom({ worth }: CheckedToken): boolean {
    if (kept.size < maxTokens) return true;
    overflowed = true;
    if (worth === "refused") return false;
    const displaced = refused.pop();
    return displaced !== undefined && kept.delete(displaced);
  }

  return {
    add(token, file, line) {
      const name = `${token.worth} ${token.fingerprint}`;
      const known = kept.get(name);
      if (known) known.times += 1;
      if (known || !makeRoom(token)) return;
      kept.set(name, { ...token, file, line, times: 1 });
      if (token.worth === "refused") refused.push(name);
    },
    list: () => [...kept.values()].sort((one, other) => other.expiresAt - one.expiresAt),
    overflowed: () => overflowed,
  };
}
