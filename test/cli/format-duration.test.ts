import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDate, formatDuration } from "../../packages/cli/src/terminal/format-duration.ts";

for (const [seconds, text] of [
  [0, "0 s"],
  [0.4, "0 s"],
  [0.5, "1 s"],
  [59.4, "59 s"],
  [59.5, "1 min"],
  [61, "1 min 1 s"],
  [-192, "3 min 12 s"],
  [3600, "1 h"],
  [3601, "1 h"],
  [3660, "1 h 1 min"],
  [86_399, "23 h 59 min"],
  [86_400, "1 day"],
  [86_460, "1 day"],
  [90_000, "1 day 1 h"],
  [172_800, "2 days"],
  [1e9, "11,574 days 1 h"],
] as const) {
  test(`${seconds} seconds are ${text}`, () => assert.equal(formatDuration(seconds), text));
}

test("a date is in UTC, to the second; one that is out of range is not an error", () => {
  assert.equal(formatDate(1_503_324_314.9), "2017-08-21 14:05:14 UTC");
  for (const seconds of [8.64e12 + 1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.equal(formatDate(seconds), "a date out of range");
});
