import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createBufferPool, largestBlock, smallestBlock } from "../../packages/origin/src/node/buffer-pool.ts";

const total = 32 * 1024 * 1024;

test("a block has the requested size, rounded up to a power of two, within the limits", () => {
  const pool = createBufferPool(total);
  for (const [wanted, size] of [
    [1, smallestBlock],
    [smallestBlock, smallestBlock],
    [smallestBlock + 1, 2 * smallestBlock],
    [largestBlock, largestBlock],
    [10 * largestBlock, largestBlock],
  ] as const) {
    const buffer = pool.take(wanted);
    assert.equal(buffer.length, size);
    pool.give(buffer);
  }
});

test("a released buffer is reused, and never has two owners", () => {
  const pool = createBufferPool(total);
  const first = pool.take(largestBlock);
  const second = pool.take(largestBlock);
  assert.notEqual(first, second);
  pool.give(first);
  assert.equal(pool.take(largestBlock), first);
});

test("later transfers of large files allocate nothing", () => {
  const pool = createBufferPool(total);
  const seen = new Set<Buffer>();
  const transfers = (): void => {
    for (let size = 4 * smallestBlock; size <= largestBlock; size *= 2) {
      const taken = Array.from({ length: 4 }, () => pool.take(size));
      for (const buffer of taken) {
        seen.add(buffer);
        pool.give(buffer);
      }
    }
  };
  transfers();
  const { size } = seen;
  for (let round = 0; round < 10; round += 1) transfers();
  assert.equal(seen.size, size);
});

test("buffers released by a thousand slow clients make room for large blocks", () => {
  const pool = createBufferPool(total);
  const small = Array.from({ length: 1000 }, () => pool.take(1));
  for (const buffer of small) pool.give(buffer);
  const large = pool.take(largestBlock);
  assert.equal(large.length, largestBlock);
  const again = Array.from({ length: 100 }, () => pool.take(1));
  assert.ok(
    again.every((buffer) => !small.includes(buffer)),
    "they are no longer held",
  );
});

test("if transfers never release their buffers, others get the smallest blocks beyond the pool without waiting", () => {
  const pool = createBufferPool(total);
  let bytes = 0;
  for (let transfer = 0; transfer < 1000; transfer += 1) bytes += pool.take(largestBlock).length;
  assert.ok(bytes <= total + 1000 * smallestBlock, `${bytes / 2 ** 20} MiB`);
  assert.equal(pool.isShort(), true);
  assert.equal(pool.take(largestBlock).length, smallestBlock);
});

test("whatever the order of requests and releases, large blocks stay within the pool", () => {
  const step = fc.record({ give: fc.boolean(), wanted: fc.integer({ min: 1, max: largestBlock }), index: fc.nat(50) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pool = createBufferPool(total);
      const taken: Buffer[] = [];
      for (const { give, wanted, index } of steps) {
        if (!give) taken.push(pool.take(wanted));
        else if (taken.length > 0) for (const buffer of taken.splice(index % taken.length, 1)) pool.give(buffer);
        assert.equal(new Set(taken).size, taken.length);
        const large = taken.filter(({ length }) => length > smallestBlock);
        assert.ok(large.reduce((sum, { length }) => sum + length, 0) <= total);
      }
    }),
    { numRuns: 100 },
  );
});
