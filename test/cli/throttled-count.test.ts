import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createThrottledCount } from "../../packages/cli/src/decision-log/throttled-count.ts";

test("a flood is told of at once, then once a minute with how often it was, and at the end", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const told: number[] = [];
  const tally = createThrottledCount((times) => told.push(times));
  for (let round = 0; round < 1000; round += 1) tally.count();
  assert.deepEqual(told, [1]);
  mock.timers.tick(60_000);
  assert.deepEqual(told, [1, 999]);
  tally.count();
  mock.timers.tick(59_999);
  assert.deepEqual(told, [1, 999]);
  mock.timers.tick(1);
  assert.deepEqual(told, [1, 999, 1]);
  mock.timers.tick(600_000);
  tally.count();
  assert.deepEqual(told, [1, 999, 1, 1], "at once again after a quiet time");
  tally.count();
  tally.end();
  mock.timers.tick(600_000);
  assert.deepEqual(told, [1, 999, 1, 1, 1]);
});
