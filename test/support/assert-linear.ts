import assert from "node:assert/strict";

/**
 * Asserts that work on input of twice the length takes at most three times the processor time: what
 * is quadratic takes four times. The best of several runs counts, so that a busy machine does not matter.
 */
export function assertLinear(work: (length: number) => void, length: number): void {
  const once = best(() => work(length));
  const twice = best(() => work(2 * length));
  // Below 20 ms the noise is larger than the difference.
  assert.ok(twice < 20_000 || twice <= 3 * once, `${length}: ${once} µs, ${2 * length}: ${twice} µs`);
}

function best(work: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3; run += 1) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, user + system);
  }
  return least;
}
