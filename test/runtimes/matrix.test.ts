import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { chromiumRuntime } from "./chromium.ts";
import { commandLineRuntimes, type Runtime } from "./command-line-runtimes.ts";
import { portableTests, root, socketTests } from "./suite-files.ts";
import { workerdRuntimes } from "./workerd.ts";

interface Row {
  readonly runtime: string;
  readonly way: string;
  readonly portable: number;
  /** The contract of the adapters; `undefined` where no server can be started. */
  readonly sockets: number | undefined;
}

const rows: Row[] = [];

/** `npm run test:runtimes` writes the table in docs/runtimes.md from this. */
after(() => {
  mkdirSync(join(root, ".tmp"), { recursive: true });
  writeFileSync(join(root, ".tmp", "runtimes.json"), JSON.stringify(rows, undefined, 2));
});

const runtimes = [...commandLineRuntimes(), ...workerdRuntimes(), chromiumRuntime()];

describe("the same tests", { concurrency: availableParallelism() }, () => {
  for (const [index, runtime] of runtimes.entries()) {
    test(`pass on ${runtime.name}`, async () => {
      const { name, way, hasSockets } = runtime;
      const portable = await passAll(runtime, portableTests());
      const sockets = hasSockets ? await passAll(runtime, socketTests()) : undefined;
      if (!hasSockets) {
        console.log(
          `${name}: test/contract needs sockets inside; native-servers.test.ts puts workerd under it from outside`,
        );
      }
      console.log(`${name}: ${portable} portable tests ran, ${sockets ?? 0} with sockets`);
      rows[index] = { runtime: name, way, portable, sockets };
    });
  }
});

test("every runtime ran the same number of tests", () => {
  assert.equal(rows.length, 9);
  for (const column of ["portable", "sockets"] as const) {
    const counts = new Set(rows.map((row) => row[column]).filter((count) => count !== undefined));
    assert.equal(counts.size, 1, JSON.stringify(rows));
  }
});

async function passAll(runtime: Runtime, files: readonly string[]): Promise<number> {
  const { ran, failed, skipped, output } = await runtime.run(files);
  assert.equal(failed, 0, output);
  assert.deepEqual(skipped, [], "no test may be skipped");
  assert.ok(ran > files.length, `${ran} tests ran\n${output}`);
  return ran;
}
