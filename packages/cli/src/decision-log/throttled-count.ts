/** Counts events that can arrive in a flood. */
export interface ThrottledCount {
  count(): void;
  /** Reports what has not been reported yet, and stops counting. */
  end(): void;
}

const shortestPause = 60_000;

/**
 * Creates a counter that reports the first event immediately, and then, at most once a minute, how many have followed:
 * unauthenticated clients must not be able to fill the log.
 */
export function createThrottledCount(report: (times: number) => void): ThrottledCount {
  let times = 0;
  let pause: NodeJS.Timeout | undefined;

  function reportNow(): void {
    clearTimeout(pause);
    pause = undefined;
    if (times === 0) return;
    report(times);
    times = 0;
    pause = setTimeout(reportNow, shortestPause).unref();
  }

  return {
    count() {
      times += 1;
      if (pause === undefined) reportNow();
    },
    end() {
      reportNow();
      clearTimeout(pause);
    },
  };
}
