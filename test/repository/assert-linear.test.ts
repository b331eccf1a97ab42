import assert from "node:assert/strict";
import { test } from "node:test";
import { assertLinear } from "../support/assert-linear.ts";

/** Work of this many steps that no compiler removes. */
function steps(count: number): number {
  let sum = 0;
  for (let step = 0; step < count; step += 1) sum = (sum * 31 + step) | 0;
  return sum;
}

test("the check of linear time refuses quadratic work, and accepts linear work", () => {
  assert.throws(() => assertLinear((length) => steps(length * length), 4000), /the work: 2000: /);
  assertLinear((length) => steps(length * 3000), 5000);
});
