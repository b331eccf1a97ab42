/** Counts what a flood could bring. */
export interface ThrottledCount {
  count(): void;
  /** Says what has not been said yet, and counts no more. */
  end(): void;
}

const shortestPause = 60_000;

/**
 * Makes a tally that speaks at once, and then at most once a minute, with how often it was since:
 * whatever strangers do to a port, it must not fill the log.
 */
export function createThrottledCount(say: (times: number) => void): ThrottledCount {
  let times = 0;
  let pause: NodeJS.Timeout | undefined;

  function speak(): void {
    clearTimeout(pause);
    pause = undefined;
    if (times === 0) return;
    say(times);
    times = 0;
    pause = setTimeout(speak, shortestPause).unref();
  }

  return {
    count() {
      times += 1;
      if (pause === undefined) speak();
    },
    end() {
      speak();
      clearTimeout(pause);
    },
  };
}
