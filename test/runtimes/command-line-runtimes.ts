import { execFileSync } from "node:child_process";
import { join, relative } from "node:path";
import { identityTest, root } from "./suite-files.ts";
import { type Counts, runCommand, type SuiteResult, sumResults } from "./suite-result.ts";

/** A runtime and the way to run the portable tests on it. */
export interface Runtime {
  /** As `runtimeName` returns it. */
  readonly name: string;
  /** How the tests are loaded. */
  readonly way: string;
  /** Whether servers can be started inside it, with `node:net` and `node:http`. */
  readonly hasSockets: boolean;
  /** Runs these test files, and one that asserts which runtime this is. */
  run(files: readonly string[]): Promise<SuiteResult>;
}

const modules = join(root, "test/runtimes/node_modules");
// Koa and Express read the environment and their own files when they are loaded.
const denoSocketPermissions = ["--allow-net=127.0.0.1", "--allow-env", "--allow-read"];
const condition = "--conditions=@portcullis/source";

type BinaryName = "node20" | "node22" | "node24" | "node26" | "deno" | "bun" | "workerd";

/** Where the binaries of the packages in test/runtimes/package.json are. */
export const binaries: Readonly<Record<BinaryName, string>> = {
  node20: join(modules, "node20/bin/node"),
  node22: join(modules, "node22/bin/node"),
  node24: join(modules, "node24/bin/node"),
  node26: join(modules, "node26/bin/node"),
  deno: join(modules, "@deno/linux-x64-glibc/deno"),
  bun: join(modules, "@oven/bun-linux-x64/bin/bun"),
  workerd: join(modules, "@cloudflare/workerd-linux-64/bin/workerd"),
};

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
  return /\d+([.-]\d+)+/.exec(output)?.[0] ?? output.trim();
}

function node(binary: string, loader: readonly string[], way: string): Runtime {
  const name = `Node ${versionOf(binary)}`;
  return {
    name,
    way,
    hasSockets: true,
    run: (files) => {
      const all = [...files, identityTest(name)];
      const args = [condition, ...loader, "--test", "--test-reporter=tap", ...all];
      return runCommand([binary, ...args], root, nodeCounts);
    },
  };
}

/** Deno gets no permission except to listen on this machine and connect to it; core's tests need none. */
function deno(): Runtime {
  const name = `Deno ${versionOf(binaries.deno)}`;
  const args = ["test", condition, "--no-prompt", "--no-check", "--node-modules-dir=manual", "--reporter=junit"];
  return {
    name,
    way: "source as it is, no permissions",
    hasSockets: true,
    run: (files) => {
      const needsSockets = files.some((file) => file.includes("contract"));
      const permissions = needsSockets ? denoSocketPermissions : [];
      return runCommand([binaries.deno, ...args, ...permissions, ...files, identityTest(name)], root, denoCounts);
    },
  };
}

/**
 * Each file gets a process of its own, because Bun would run all of them in one, where a test that changes a global affects
 * the others. Bun's limit of 5 s for a test is raised: the other runtimes have none, and a busy machine needs more.
 */
function bun(): Runtime {
  const name = `Bun ${versionOf(binaries.bun)}`;
  return {
    name,
    way: "source as it is",
    hasSockets: true,
    run: async (files) => {
      const results: SuiteResult[] = [];
      for (const file of [...files, identityTest(name)]) {
        const path = `./${relative(root, file)}`;
        results.push(await runCommand([binaries.bun, "test", "--timeout=600000", condition, path], root, bunCounts));
      }
      return sumResults(results);
    },
  };
}

function nodeCounts(output: string): Counts {
  const count = counter(output);
  return { passed: count(/^# pass (\d+)$/m), failed: count(/^# fail (\d+)$/m), skipped: count(/^# skipped (\d+)$/m) };
}

function bunCounts(output: string): Counts {
  const count = counter(output);
  return { passed: count(/^ *(\d+) pass$/m), failed: count(/^ *(\d+) fail$/m), skipped: count(/^ *(\d+) skip$/m) };
}

/** Deno counts each suite as another test; in its JUnit report, a test of a suite is named `SUITE > TEST`. */
function denoCounts(output: string): Counts {
  const names = [...output.matchAll(/<testcase name="([^"]*)"/g)].map(([, name = ""]) => name);
  const suites = new Set(names.filter((name) => name.includes(" &gt; ")).map((name) => name.split(" &gt; ")[0]));
  const failed = counter(output)(/<testsuites [^>]*failures="(\d+)"/);
  const skipped = [...output.matchAll(/<skipped/g)].length;
  return { passed: names.length - suites.size - failed - skipped, failed, skipped };
}

function counter(output: string): (pattern: RegExp) => number {
  return (pattern) => Number(pattern.exec(output)?.[1] ?? 0);
}
