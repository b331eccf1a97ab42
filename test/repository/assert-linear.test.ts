import assert from "node:assert/strict";
import { test } from "node:test";
import { assertLinear } from "../support/assert-linear.ts";

test("the check of linear time refuses quadratic work, and accepts linear work", (t) => {
  // Simulated work of an exact length in µs, because a busy machine delays real work.
  let spent = 0;
  t.mock.method(process, "cpuUsage", () => ({ user: spent, system: 0 }));
  const taking = (time: (length: number) => number) => (length: number) => {
    spent += time(length);
  };
  assert.throws(
    () =>
      assertLinear(
        taking((length) => length * length),
        2500,
      ),
    /the work: 1250: 1562500 µs, 2500: 6250000 µs, 5000: 25000000 µs/,
  );
  assertLinear(
    taking((length) => length * 3000),
    5000,
  );
});
