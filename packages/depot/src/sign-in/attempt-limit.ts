/** Limits how often a password can be tried. */
export interface AttemptLimit {
  /** Counts an attempt; returns how many seconds to wait, 0 if it is allowed. Call it before checking the password. */
  attempt(address: string | undefined): number;
  /** The password was right: the attempts from this address no longer count. */
  succeeded(address: string | undefined): void;
}

/** In seconds. */
const period = 15 * 60;
const mostOfAddress = 10;
/** For all addresses together: an attacker can have many. */
const mostInAll = 100;

/** Creates a limit over 15 minutes: 10 attempts from one address, and 100 in all; `now` in seconds. */
export function createAttemptLimit(now: () => number): AttemptLimit {
  let attempts: { readonly address: string; readonly at: number }[] = [];
  return {
    attempt(address = "") {
      const time = now();
      // The list is never longer than the limit for all addresses. If the clock is set back, nobody waits longer.
      attempts = attempts.filter(({ at }) => at > time - period && at <= time);
      const own = attempts.filter((attempt) => attempt.address === address);
      const full = own.length >= mostOfAddress ? own : attempts.length >= mostInAll ? attempts : undefined;
      if (full) return Math.max(1, Math.ceil((full[0]?.at ?? time) + period - time));
      attempts.push({ address, at: time });
      return 0;
    },
    succeeded(address = "") {
      attempts = attempts.filter((attempt) => attempt.address !== address);
    },
  };
}
