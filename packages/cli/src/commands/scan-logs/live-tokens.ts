import type { CheckedToken } from "./token-checker.ts";

/** A token in a log that has time left. */
export interface LiveToken extends CheckedToken {
  /** Where it was seen first. */
  readonly file: string;
  readonly line: number;
  times: number;
}

/** The tokens with time left, over all logs; a bounded number of them, the ones that matter first. */
export interface LiveTokens {
  add(token: CheckedToken, file: string, line: number): void;
  /** The ones that live longest first. */
  list(): readonly LiveToken[];
  /** Whether there were more than are kept. */
  overflowed(): boolean;
}

const mostKept = 10_000;

/** Makes an empty list. */
export function createLiveTokens(): LiveTokens {
  const kept = new Map<string, LiveToken>();
  const refused: string[] = [];
  let overflowed = false;

  /** Anybody can have refused tokens logged, and must not push out the valid ones by that. */
  function makeRoom({ worth }: CheckedToken): boolean {
    if (kept.size < mostKept) return true;
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
