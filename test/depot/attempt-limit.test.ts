import assert from "node:assert/strict";
import { test } from "node:test";
import { createAttemptLimit } from "../../packages/depot/src/sign-in/attempt-limit.ts";

const minute = 60;

function limit(start = 1_000_000) {
  let now = start;
  const { attempt, succeeded } = createAttemptLimit(() => now);
  const many = (count: number, address?: string) => Array.from({ length: count }, () => attempt(address));
  return { attempt, succeeded, many, at: (seconds: number) => (now = start + seconds) };
}

test("an address has 10 attempts in 15 minutes, and the wait ends when the first of them is 15 minutes old", () => {
  const { attempt, many, at } = limit();
  assert.deepEqual(many(1, "a"), [0]);
  at(minute);
  assert.deepEqual(many(9, "a"), Array(9).fill(0));
  assert.equal(attempt("a"), 14 * minute);
  at(15 * minute - 1);
  assert.equal(attempt("a"), 1);
  at(15 * minute);
  assert.equal(attempt("a"), 0, "the first attempt no longer counts");
  assert.equal(attempt("a"), minute, "the nine of the first minute still count");
});

test("an attempt that was not allowed does not count, so the wait does not get longer", () => {
  const { many, at } = limit();
  many(10, "a");
  at(5 * minute);
  assert.deepEqual(many(20, "a"), Array(20).fill(10 * minute));
});

test("addresses do not limit each other, until there are 100 attempts in all", () => {
  const { attempt, many } = limit();
  for (let index = 0; index < 10; index += 1) assert.deepEqual(many(10, `${index}`), Array(10).fill(0));
  assert.equal(attempt("another"), 15 * minute);
});

test("after the right password, the attempts of its address no longer count, and those of others do", () => {
  const { attempt, many, succeeded } = limit();
  many(10, "a");
  many(10, "b");
  succeeded("a");
  assert.equal(attempt("a"), 0);
  assert.equal(attempt("b"), 15 * minute);
});

test("clients without an address share one limit", () => {
  const { attempt, many, succeeded } = limit();
  many(10);
  assert.equal(attempt(undefined), 15 * minute);
  succeeded(undefined);
  assert.equal(attempt(undefined), 0);
});

test("a clock that was set back makes nobody wait longer", () => {
  const { attempt, many, at } = limit();
  many(10, "a");
  at(-6 * 60 * minute);
  assert.equal(attempt("a"), 0);
});
