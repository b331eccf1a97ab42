import { createHistogram, type Histogram } from "./histogram.ts";
import type { Usage } from "./usage.ts";

/** What Jamf Pro's Token Expiry should be; minutes. */
export interface Recommendation {
  /** What it is now, given or read off the log. */
  readonly current: number;
  /** `undefined` if the log says too little. */
  readonly recommended: number | undefined;
  readonly sentence: string;
}

const longestExpiry = 120;
const fewestUses = 20;
/** In seconds: clocks that differ a little must not make ten minutes eleven. */
const mostClockNoise = 30;
/** This share of the requests that any expiry can help shall come in time. */
const wantedShare = 0.99;

/** The Token Expiry, as far as the log shows: no token had more life left than that; `undefined` if none was accepted. */
export function inferExpiry({ longestLife }: Usage): number | undefined {
  if (longestLife <= 0) return undefined;
  return Math.min(longestExpiry, Math.max(1, Math.ceil((longestLife - mostClockNoise) / 60)));
}

/** Weighs late devices against the time that a leaked link works. */
export function recommend(usage: Usage, current: number): Recommendation {
  const { firstUses, resumes } = usage;
  const uses = firstUses.total + resumes.total;
  if (uses < fewestUses) {
    return {
      current,
      recommended: undefined,
      sentence: `Too little to advise on: ${uses === 1 ? "1 use of a token" : `${uses} uses of tokens`} in these logs, and it takes ${fewestUses}.`,
    };
  }
  const needed = neededMinutes([firstUses, resumes], current);
  const withMargin = Math.ceil((needed * 1.2) / 5) * 5;
  const recommended = Math.min(longestExpiry, Math.max(5, withMargin));
  return { current, recommended, sentence: sentenceFor(current, recommended, needed) };
}

/**
 * The minutes after the install command within which the wanted share of requests comes. Requests
 * that come later than Jamf Pro's longest expiry are left out: no expiry helps them.
 */
function neededMinutes(lives: readonly Histogram[], current: number): number {
  const delays = createHistogram(1);
  for (const life of lives) {
    for (let minute = 0; minute < longestExpiry; minute += 1) {
      const from = (current - minute - 1) * 60;
      const count = life.between(from, from + 60);
      for (let index = 0; index < count; index += 1) delays.add(minute);
    }
  }
  return delays.quantile(wantedShare) ?? current;
}

function sentenceFor(current: number, recommended: number, needed: number): string {
  const why = `99 % of requests come within ${needed} min of the install command`;
  if (recommended > current) return `Set Token Expiry to ${recommended} minutes: ${why}, and it is ${current} now.`;
  if (recommended < current) {
    return `Token Expiry can be ${recommended} minutes in place of ${current}: ${why}, and a leaked link works for a shorter time.`;
  }
  return `Leave Token Expiry at ${current} minutes: ${why}.`;
}
