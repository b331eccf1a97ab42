import assert from "node:assert/strict";

// In µs: below 20 ms the noise is larger than the difference, and some clocks tick once a millisecond.
const noise = 20_000;
const tick = 1000;

/**
 * Asserts that work takes at most three times the processor time when its input is twice as long: what is quadratic takes
 * four times. Of two doublings, both must take longer to fail: text that no longer fits into the processor's cache, or
 * objects that the garbage collector has to move, cost a step of their own, which one doubling can meet. The best of
 * several runs counts, by turns, and in doubt of more runs: whatever else a busy machine does only ever adds. One run is
 * enough if four times the length takes at most six times as long, where what is quadratic takes 16 times.
 */
export function assertLinear(work: (length: number) => unknown, length: number, name = "the work"): void {
  const growth = growthUpTo(2 * length);
  work(length / 2); // what runs first is slow, because it is not compiled yet
  for (let run = 0; (run < 3 && !growth.isClearlyLinear()) || (run < 20 && !growth.isLinear()); run += 1) {
    for (const step of growth.steps) {
      const elapsed = stopwatch();
      work(step.length);
      step.best = Math.min(step.best, elapsed());
    }
  }
  assert.ok(growth.isLinear(), `${name}: ${growth.describe()}`);
}

/** The same for work that resolves later; it is repeated only in doubt. */
export async function assertLinearAsync(
  work: (length: number) => Promise<unknown>,
  length: number,
  name = "the work",
): Promise<void> {
  const growth = growthUpTo(2 * length);
  for (let run = 0; run < 1 || (run < 10 && !growth.isLinear()); run += 1) {
    for (const step of growth.steps) {
      const elapsed = stopwatch();
      await work(step.length);
      step.best = Math.min(step.best, elapsed());
    }
  }
  assert.ok(growth.isLinear(), `${name}: ${growth.describe()}`);
}

function growthUpTo(longest: number) {
  const steps = [4, 2, 1].map((part) => ({ length: Math.ceil(longest / part), best: Number.POSITIVE_INFINITY }));
  const times = (): number[] => steps.map(({ best }) => Math.max(best, tick));
  return {
    steps,
    isLinear(): boolean {
      const [half = 0, once = 0, twice = 0] = times();
      return twice < noise || once <= 3 * half || twice <= 3 * once;
    },
    isClearlyLinear(): boolean {
      const [half = 0, , twice = 0] = times();
      return Number.isFinite(twice) && twice <= 6 * half;
    },
    describe: (): string => steps.map(({ length, best }) => `${length}: ${best} µs`).join(", "),
  };
}

/** Gives the processor time since it was made, in µs; the clock's where a runtime does not tell that of its processor. */
export function stopwatch(): () => number {
  const before = processorUsage();
  const start = performance.now();
  return () => {
    const after = processorUsage();
    return before === undefined || after === undefined ? (performance.now() - start) * 1000 : after - before;
  };
}

/** workerd has the function, which throws. */
function processorUsage(): number | undefined {
  const { process } = globalThis as { process?: Partial<typeof globalThis.process> };
  try {
    const usage = process?.cpuUsage?.();
    return usage && usage.user + usage.system;
  } catch {
    return undefined;
  }
}
