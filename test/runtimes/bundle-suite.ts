import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { root } from "./suite-files.ts";

const shim = fileURLToPath(new URL("shim", import.meta.url));

/** One test file as one script. */
export interface TestBundle {
  /** The file's path in the repository. */
  readonly file: string;
  /** An ES module whose function `run` runs the tests. */
  readonly code: string;
}

/**
 * Bundles each test file for runtimes without a test runner. Each has its own copy of core, as
 * files have in other runners. The tests are imported by `run`, not before, because workerd allows
 * no crypto while a module is loaded.
 */
export async function bundleSuite(files: readonly string[], assert: "shim" | "node:assert"): Promise<TestBundle[]> {
  const alias = {
    "node:test": join(shim, "node-test.ts"),
    ...(assert === "shim" && { "node:assert/strict": join(shim, "assert.ts") }),
  };
  const bundles: TestBundle[] = [];
  for (const file of files) {
    const contents = `import { runTests } from "node:test";
export async function run() {
  await import(${JSON.stringify(file)});
  return runTests();
}`;
    const result = await build({
      stdin: { contents, resolveDir: root, loader: "ts" },
      bundle: true,
      write: false,
      format: "esm",
      target: "es2022",
      conditions: ["@portcullis/source"],
      alias,
      external: assert === "shim" ? [] : ["node:*"],
    });
    bundles.push({ file: relative(root, file), code: result.outputFiles[0]?.text ?? "" });
  }
  return bundles;
}
