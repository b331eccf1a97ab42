import type { DecisionLine } from "./decision-line.ts";
import { createHistogram, type Histogram } from "./histogram.ts";

/** How tokens were used, added up in bounded memory. */
export interface Usage {
  decisions: number;
  /** The longest life that an accepted token had left, in seconds: next to the Token Expiry. */
  longestLife: number;
  /** Seconds that tokens had left at their first use; too late if negative. */
  readonly firstUses: Histogram;
  /** The same for requests that went on with a download. */
  readonly resumes: Histogram;
  /** Refusals that were resumes of a download that had outlived its token. */
  outlived: number;
  /** Resumes that were let through by the grace of `--resume-grace`. */
  graced: number;
  /** Whole transfers by size of file: their duration in seconds. */
  readonly transfers: ReadonlyMap<number, Histogram>;
  /** Downloads that the client or the network broke off. */
  brokenOff: number;
}

/** Upper bounds of the classes of file sizes, in bytes. */
export const sizeClasses: readonly number[] = [10e6, 100e6, 1e9, 5e9, Number.POSITIVE_INFINITY];

const mostRemembered = 100_000;

/** Makes a collector; `take` each decision in the order of the log. */
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
    if (seen.size >= mostRemembered) seen = new Set();
    seen.add(use);
  }

  function takeTransfer({ method, status, size, complete, duration }: DecisionLine): void {
    if (method !== "GET" || size === undefined || (status !== 200 && status !== 206)) return;
    if (!complete) usage.brokenOff += 1;
    else if (status === 200) {
      const bound = sizeClasses.find((limit) => size < limit) ?? Number.POSITIVE_INFINITY;
      usage.transfers.get(bound)?.add(duration / 1000);
    }
  }

  return { usage, take };
}

/** Only these say something about how long a token must live. */
function isAboutTime(code: string | undefined): boolean {
  return code === "allowed" || code === "token_expired";
}
