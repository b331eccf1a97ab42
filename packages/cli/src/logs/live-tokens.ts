import type { JudgedToken } from "./token-judge.ts";

/** A token in a log that has time left. */
export interface LiveToken extends JudgedToken {
  /** Where it was seen first. */
  readonly file: string;
  readonly line: number;
  times: number;
}

/** The tokens with time left, over all logs; a bounded number of them. */
export interface LiveTokens {
  add(token: JudgedToken, file: string, line: number): void;
  /** The ones that live longest first. */
  list(): readonly LiveToken[];
  /** Whether there were more than are kept. */
  overflowed(): boolean;
}

const mostKept = 10_000;

/** Makes an empty list. */
export function createLiveTokens(): LiveTokens {
  const kept = new Map<string, LiveToken>();
  let overflowed = false;
  return {
    add(token, file, line) {
      const known = kept.get(token.fingerprint);
      if (known) known.times += 1;
      else if (kept.size < mostKept) kept.set(token.fingerprint, { ...token, file, line, times: 1 });
      else overflowed = true;
    },
    list: () => [...kept.values()].sort((one, other) => other.expiresAt - one.expiresAt),
    overflowed: () => overflowed,
  };
}
