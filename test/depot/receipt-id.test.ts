import assert from "node:assert/strict";
import { test } from "node:test";
import { createReceiptIds } from "../../packages/depot/src/receipt/receipt-id.ts";

test("a receipt ID is a UUID of version 7 with the time in its first 48 bits", () => {
  const id = createReceiptIds(() => 1_700_000_000.123)();
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(Number.parseInt(id.replace("-", "").slice(0, 12), 16), 1_700_000_000_123);
});

test("the IDs of one process are in order: within a millisecond, past 4096 of them, and if the clock is set back", () => {
  let now = 1000;
  const create = createReceiptIds(() => now);
  const ids = Array.from({ length: 10_000 }, create);
  now = 999;
  ids.push(create(), create());
  now = 1000.001;
  ids.push(create());
  now = 1001;
  ids.push(create());
  assert.deepEqual(ids, ids.toSorted());
  assert.equal(new Set(ids.map((id) => id.slice(0, 18))).size, ids.length, "the random part is not what differs");
  assert.equal(ids[0]?.slice(14, 18), "7000");
  assert.equal(ids[4095]?.slice(14, 18), "7fff");
  assert.equal(ids[4096]?.slice(14, 18), "7000");
  assert.equal(Number.parseInt(ids.at(-1)?.replace("-", "").slice(0, 12) ?? "", 16), 1_001_000);
});
