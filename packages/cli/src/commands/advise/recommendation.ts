import { createHistogram, type Histogram } from "./histogram.ts";
import type { Usage } from "./usage.ts";

/** The recommended Token Expiry in Jamf Pro, in minutes. */
export interface Recommendation {
  /** The current one, given or inferred from the log. */
  readonly current: number;
  /** `undefined` if the log does not have enough data. */
  readonly recommended: number | undefined;
  readonly sentence: string;
}

const longestExpiry = 120;
const fewestUses = 20;
/** In seconds: a small difference between the clocks must not turn 10 minutes into 11. */
const clockTolerance = 30;
/** The share of requests that must arrive in time, of those that Jamf Pro's longest expiry would allow. */
const wantedShare = 0.99;

/** Infers the Token Expiry: no token was valid for longer than that. `undefined` if none was accepted. */
export function inferExpiry({ longestLife }: Usage): number | undefined {
  if (longestLife <= 0) return undefined;
  return Math.min(longestExpiry, Math.max(1, Math.ceil((longestLife - clockTolerance) / 60)));
}

/** Weighs late devices against the time for which a leaked link works. */
export function recommend(usage: Usage, current: number): Recommendation {
  const { firstUses, resumes } = usage;
  const uses = firstUses.total + resumes.total;
  if (uses < fewestUses) {
    return {
      current,
      recommended: undefined,
      sentence: `Not enough data: ${uses === 1 ? "1 token use" : `${uses} token uses`} found, ${fewestUses} needed.`,
    };
  }
  const needed = neededMinutes([firstUses, resumes], current);
  const withMargin = Math.ceil((needed * 1.2) / 5) * 5;
  const recommended = Math.min(longestExpiry, Math.max(5, withMargin));
  return { current, recommended, sentence: sentenceFor(current, recommended, needed) };
}

/**
 * The minutes after the install command within which the wanted share of requests arrives. Requests
 * later than Jamf Pro's longest expiry do not count: no expiry would help them.
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
  const why = `99 % of requests arrive within ${needed} min of the install command`;
  if (recommended > current) return `Set Token Expiry to ${recommended} minutes (now ${current}): ${why}.`;
  if (recommended < current) {
    return `Token Expiry can be ${recommended} minutes instead of ${current}: ${why}, and a leaked link then works for a shorter time.`;
  }
  return `Keep Token Expiry at ${current} minutes: ${why}.`;
}
