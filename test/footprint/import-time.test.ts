import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const core = fileURLToPath(new URL("../../packages/core/dist/index.js", import.meta.url));

/** Milliseconds that an import takes in a process of its own; the least of several. */
function importTime(specifier: string): number {
  const script = `const start = performance.now();
await import(${JSON.stringify(specifier)});
console.log(performance.now() - start);`;
  const times = Array.from({ length: 7 }, () =>
    Number(execFileSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" })),
  );
  return Math.min(...times);
}

test("core is imported in a third of the time that jose takes", () => {
  assert.ok(existsSync(core), "packages/core is not built: npm run build");
  const jose = importTime("jose");
  const ours = importTime(pathToFileURL(core).href);
  console.log(`import of core ${ours.toFixed(1)} ms, of jose ${jose.toFixed(1)} ms`);
  assert.ok(ours <= jose / 3, `core ${ours} ms, jose ${jose} ms`);
});
