import assert from "node:assert/strict";

/**
 * Asserts that work on input of twice the length takes at most three times the processor time: what
 * is quadratic takes four times. The best of several runs counts, by turns, and in doubt of more runs:
 * whatever else a busy machine does only ever adds.
 */
export function assertLinear(work: (length: number) => unknown, length: number, name = "the work"): void {
  let once = Number.POSITIVE_INFINITY;
  let twice = Number.POSITIVE_INFINITY;
  // Below 20 ms the noise is larger than the difference.
  const isLinear = (): boolean => twice < 20_000 || twice <= 3 * once;
  for (let run = 0; run < 3 || (run < 20 && !isLinear()); run += 1) {
    once = Math.min(
      once,
      processorTime(() => work(length)),
    );
    twice = Math.min(
      twice,
      processorTime(() => work(2 * length)),
    );
  }
  assert.ok(isLinear(), `${name}, ${length}: ${once} µs, ${2 * length}: ${twice} µs`);
}

/** In µs; of the clock where a runtime does not tell the time of its processor. */
function processorTime(work: () => unknown): number {
  const before = processorUsage();
  const start = performance.now();
  work();
  const after = processorUsage();
  return before === undefined || after === undefined ? (performance.now() - start) * 1000 : after - before;
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
