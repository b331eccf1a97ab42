import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { chromiumRuntime } from "./chromium.ts";
import { commandLineRuntimes } from "./command-line-runtimes.ts";
import { portableTests, root } from "./suite-files.ts";
import { workerdRuntimes } from "./workerd.ts";

interface Row {
  readonly runtime: string;
  readonly way: string;
  readonly tests: number;
}

const rows: Row[] = [];

/** `npm run test:runtimes` makes the README's table of this. */
after(() => {
  mkdirSync(join(root, ".tmp"), { recursive: true });
  writeFileSync(join(root, ".tmp", "runtimes.json"), JSON.stringify(rows, undefined, 2));
});

for (const runtime of [...commandLineRuntimes(), ...workerdRuntimes(), chromiumRuntime()]) {
  test(`the portable tests pass on ${runtime.name}`, async () => {
    const { ran, failed, skipped, output } = await runtime.run();
    assert.equal(failed, 0, output);
    for (const reason of skipped) console.log(`skipped on ${runtime.name}: ${reason}`);
    assert.ok(ran > portableTests().length, `${ran} tests ran\n${output}`);
    console.log(`${runtime.name}: ${ran} tests ran`);
    rows.push({ runtime: runtime.name, way: runtime.way, tests: ran + skipped.length });
  });
}

test("every runtime had the same number of tests", () => {
  assert.equal(rows.length, 9);
  assert.equal(new Set(rows.map(({ tests }) => tests)).size, 1, JSON.stringify(rows));
});
