import { execFileSync } from "node:child_process";
import { join, relative } from "node:path";
import { identityTest, portableTests, root } from "./suite-files.ts";
import { runCommand, type SuiteResult, type SummaryPatterns, sumResults } from "./suite-result.ts";

/** A runtime and the way to run the portable tests on it. */
export interface Runtime {
  /** As `runtimeName` gives it. */
  readonly name: string;
  /** The way the tests got in. */
  readonly way: string;
  run(): Promise<SuiteResult>;
}

const modules = join(root, "test/runtimes/node_modules");
const condition = "--conditions=@portcullis/source";

/** Where the binaries of test/runtimes/package.json lie. */
export const binaries = {
  node20: join(modules, "node20/bin/node"),
  node22: join(modules, "node22/bin/node"),
  node24: join(modules, "node24/bin/node"),
  node26: join(modules, "node26/bin/node"),
  deno: join(modules, "@deno/linux-x64-glibc/deno"),
  bun: join(modules, "@oven/bun-linux-x64/bin/bun"),
  workerd: join(modules, "@cloudflare/workerd-linux-64/bin/workerd"),
} as const;

/** Node, Deno and Bun: they run the test files as they are, from the TypeScript source. */
export function commandLineRuntimes(): Runtime[] {
  return [
    node(binaries.node20, ["--import=tsx"], "source, by tsx"),
    node(binaries.node22, ["--import=tsx"], "source, by tsx"),
    node(binaries.node24, [], "source as it is"),
    node(binaries.node26, [], "source as it is"),
    deno(),
    bun(),
  ];
}

/** The first version number that a binary prints. */
export function versionOf(binary: string): string {
  const output = execFileSync(binary, ["--version"], { encoding: "utf8" });
  return /\d+(\.\d+)+/.exec(output)?.[0] ?? output.trim();
}

function node(binary: string, loader: readonly string[], way: string): Runtime {
  const name = `Node ${versionOf(binary)}`;
  const patterns = { passed: /^# pass (\d+)$/m, failed: /^# fail (\d+)$/m, skipped: /^# skipped (\d+)$/m };
  return {
    name,
    way,
    run: () => {
      const args = [condition, ...loader, "--test", "--test-reporter=tap", ...filesFor(name)];
      return runCommand([binary, ...args], root, patterns);
    },
  };
}

/** Deno gets no permission at all: neither core nor its tests need one. */
function deno(): Runtime {
  const name = `Deno ${versionOf(binaries.deno)}`;
  const patterns = {
    passed: /\| (\d+) passed/,
    failed: /\| (\d+) failed/,
    skipped: /\| (\d+) ignored/,
  };
  const args = ["test", condition, "--no-prompt", "--no-check", "--node-modules-dir=manual"];
  return {
    name,
    way: "source as it is, no permissions",
    run: () => runCommand([binaries.deno, ...args, ...filesFor(name)], root, patterns),
  };
}

/** Bun runs all files in one process, where a test that changes a global meets others: one each. */
function bun(): Runtime {
  const name = `Bun ${versionOf(binaries.bun)}`;
  const patterns: SummaryPatterns = {
    passed: /^ *(\d+) pass$/m,
    failed: /^ *(\d+) fail$/m,
    skipped: /^ *(\d+) skip$/m,
  };
  return {
    name,
    way: "source as it is",
    run: async () => {
      const results: SuiteResult[] = [];
      for (const file of filesFor(name)) {
        const path = `./${relative(root, file)}`;
        results.push(await runCommand([binaries.bun, "test", condition, path], root, patterns));
      }
      return sumResults(results);
    },
  };
}

function filesFor(name: string): string[] {
  return [...portableTests(), identityTest(name)];
}
