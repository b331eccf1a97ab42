import assert from "node:assert/strict";
import { test } from "node:test";
import { tableLines } from "../../packages/cli/src/terminal/align-columns.ts";

const table = [
  ["ID", "FOR", "STATE"],
  ["1", "the iPad in the reception", "works"],
  ["22", "", "revoked\u001b[2J"],
];

test("a table has aligned columns where it fits, and in a file or a pipe", () => {
  const lines = ["ID  FOR                        STATE", "1   the iPad in the reception  works"];
  const shown = tableLines(table, { isTerminal: true, width: 80 });
  assert.equal(shown.length, 3);
  assert.deepEqual(shown.slice(0, 2), lines);
  assert.deepEqual(tableLines(table, { isTerminal: false, width: 10 }), shown);
  assert.ok(!shown.join("").includes("\u001b"));
});

test("in a terminal that is narrower than a table, each row is a paragraph, and no word is broken", () => {
  const shown = tableLines(table, { isTerminal: true, width: 24 });
  assert.deepEqual(shown.slice(0, 6), [
    "ID     1",
    "FOR    the iPad in the",
    "       reception",
    "STATE  works",
    "",
    "ID     22",
  ]);
  assert.ok(!shown.join("").includes("\u001b"));
});
