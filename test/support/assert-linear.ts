import assert from "node:assert/strict";

// In µs: below 20 ms the noise is larger than the difference, and some clocks tick once a millisecond.
const noise = 20_000;
const tick = 1000;

/**
 * Asserts that work takes at most three times the processor time if its input is twice as long; quadratic work takes four
 * times. The input is doubled twice, and the assertion fails only if both doublings take longer: one of them can cost more
 * because text no longer fits into the processor's cache, or because the garbage collector has to move objects. The fastest
 * of several runs counts, in turns, and more runs are made if the result is unclear, because other work on the machine can
 * only add time. One run is enough if four times the length takes at most six times as long; quadratic work takes 16 times.
 */
export function assertLinear(work: (length: number) => unknown, length: number, name = "the work"): void {
  const growth = growthUpTo(2 * length);
  work(length / 2); // the first run is slow, because the code is not compiled yet
  for (let run = 0; (run < 3 && !growth.isClearlyLinear()) || (run < 20 && !growth.isLinear()); run += 1) {
    for (const step of growth.steps) {
      const elapsed = stopwatch();
      work(step.length);
      step.best = Math.min(step.best, elapsed());
    }
  }
  assert.ok(growth.isLinear(), `${name}: ${growth.describe()}`);
}

/** The same for asynchronous work; it is repeated only if the result is unclear. */
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

/** Returns the processor time since it was created, in µs; on a runtime that does not report it, the elapsed time. */
export function stopwatch(): () => number {
  const before = processorUsage();
  const start = performance.now();
  return () => {
    const after = processorUsage();
    return before === undefined || after === undefined ? (performance.now() - start) * 1000 : after - before;
  };
}

/** workerd has this function, but it throws. */
function processorUsage(): number | undefined {
  const { process } = globalThis as { process?: Partial<typeof globalThis.process> };
  try {
    const usage = process?.cpuUsage?.();
    return usage && usage.user + usage.system;
  } catch {
    return undefined;
  }
}
