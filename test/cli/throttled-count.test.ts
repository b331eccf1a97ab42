import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createThrottledCount } from "../../packages/cli/src/decision-log/throttled-count.ts";

test("a flood is reported immediately, then once a minute with its count, and at the end", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const reported: number[] = [];
  const counter = createThrottledCount((times) => reported.push(times));
  for (let round = 0; round < 1000; round += 1) counter.count();
  assert.deepEqual(reported, [1]);
  mock.timers.tick(60_000);
  assert.deepEqual(reported, [1, 999]);
  counter.count();
  mock.timers.tick(59_999);
  assert.deepEqual(reported, [1, 999]);
  mock.timers.tick(1);
  assert.deepEqual(reported, [1, 999, 1]);
  mock.timers.tick(600_000);
  counter.count();
  assert.deepEqual(reported, [1, 999, 1, 1], "immediately again after a quiet minute");
  counter.count();
  counter.end();
  mock.timers.tick(600_000);
  assert.deepEqual(reported, [1, 999, 1, 1, 1]);
});
