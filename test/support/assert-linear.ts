import assert from "node:assert/strict";

// Below 20 ms the noise is larger than the difference.
const noise = 20_000;

/**
 * Asserts that work on input of twice the length takes at most three times the processor time: what
 * is quadratic takes four times. The best of several runs counts, by turns, and in doubt of more runs:
 * whatever else a busy machine does only ever adds.
 */
export function assertLinear(work: (length: number) => unknown, length: number, name = "the work"): void {
  let once = Number.POSITIVE_INFINITY;
  let twice = Number.POSITIVE_INFINITY;
  const isLinear = (): boolean => twice < noise || twice <= 3 * once;
  for (let run = 0; run < 3 || (run < 20 && !isLinear()); run += 1) {
    const elapsed = stopwatch();
    work(length);
    once = Math.min(once, elapsed());
    const elapsedAgain = stopwatch();
    work(2 * length);
    twice = Math.min(twice, elapsedAgain());
  }
  assert.ok(isLinear(), `${name}, ${length}: ${once} µs, ${2 * length}: ${twice} µs`);
}

/** The same for work that resolves later; it is repeated only in doubt. */
export async function assertLinearAsync(
  work: (length: number) => Promise<unknown>,
  length: number,
  name = "the work",
): Promise<void> {
  let once = Number.POSITIVE_INFINITY;
  let twice = Number.POSITIVE_INFINITY;
  const isLinear = (): boolean => twice < noise || twice <= 3 * once;
  for (let run = 0; run < 1 || (run < 10 && !isLinear()); run += 1) {
    const elapsed = stopwatch();
    await work(length);
    once = Math.min(once, elapsed());
    const elapsedAgain = stopwatch();
    await work(2 * length);
    twice = Math.min(twice, elapsedAgain());
  }
  assert.ok(isLinear(), `${name}, ${length}: ${once} µs, ${2 * length}: ${twice} µs`);
}

/** Gives the processor time since it was made, in µs; the clock's where a runtime does not tell that of its processor. */
function stopwatch(): () => number {
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
