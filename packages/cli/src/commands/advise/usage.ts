import type { DecisionLine } from "./decision-line.ts";
import { createHistogram, type Histogram } from "./histogram.ts";

/** How tokens were used, counted in bounded memory. */
export interface Usage {
  decisions: number;
  /** The longest remaining lifetime of an accepted token, in seconds: just below the Token Expiry. */
  longestLife: number;
  /** Remaining lifetimes of tokens at their first use, in seconds; negative if they had expired. */
  readonly firstUses: Histogram;
  /** The same for requests that resumed a download. */
  readonly resumes: Histogram;
  /** Resumed downloads that were refused because their token had expired. */
  outlived: number;
  /** Resumed downloads that `--resume-grace` allowed. */
  graced: number;
  /** Durations of complete transfers in seconds, by file size. */
  readonly transfers: ReadonlyMap<number, Histogram>;
  /** Downloads that ended before they were complete. */
  brokenOff: number;
}

/** Upper bounds of the size classes, in bytes. */
export const sizeClasses: readonly number[] = [10e6, 100e6, 1e9, 5e9, Number.POSITIVE_INFINITY];

const maxRemembered = 100_000;

/** Creates a collector; `take` each decision in the order of the log. */
export function createUsageCollector(): { readonly usage: Usage; take(line: DecisionLine): void } {
  const usage: Usage = {
    decisions: 0,
    longestLife: 0,
    firstUses: createHistogram(60),
    resumes: createHistogram(60),
    outlived: 0,
    graced: 0,
    transfers: new Map(sizeClasses.map((bound) => [bound, createHistogram(1)])),
    brokenOff: 0,
  };
  let seen = new Set<string>();

  function take(line: DecisionLine): void {
    usage.decisions += 1;
    takeTransfer(line);
    const { secondsLeft, token, code, range } = line;
    if (secondsLeft === undefined || token === undefined || !isAboutTime(code)) return;
    if (code === "allowed" && !line.resumed) usage.longestLife = Math.max(usage.longestLife, secondsLeft);
    if (line.resumed) usage.graced += 1;

    const use = `${token} ${line.path} ${line.address ?? ""}`;
    const isResume = range !== undefined && /^bytes=\s*0*[1-9]/i.test(range);
    if (isResume && code === "token_expired" && !line.resumed) usage.outlived += 1;
    if (isResume) usage.resumes.add(secondsLeft);
    else if (!seen.has(use)) usage.firstUses.add(secondsLeft);
    if (seen.size >= maxRemembered) seen = new Set();
    seen.add(use);
  }

  function takeTransfer({ method, status, size, complete, duration }: DecisionLine): void {
    if (method !== "GET" || size === undefined || duration === undefined) return;
    if (status !== 200 && status !== 206) return;
    if (!complete) usage.brokenOff += 1;
    else if (status === 200) {
      const bound = sizeClasses.find((limit) => size < limit) ?? Number.POSITIVE_INFINITY;
      usage.transfers.get(bound)?.add(duration / 1000);
    }
  }

  return { usage, take };
}

/** Only these codes show how long a token must be valid. */
function isAboutTime(code: string | undefined): boolean {
  return code === "allowed" || code === "token_expired";
}
