import { execFile } from "node:child_process";

/** The result of the portable tests on one runtime. */
export interface SuiteResult {
  readonly ran: number;
  readonly failed: number;
  /** How many were skipped, and for what reasons if the runtime says so. */
  readonly skipped: readonly string[];
  /** The output of the runtime, which is shown if something is wrong. */
  readonly output: string;
}

/** The number of tests, as reported by the runtime's own test runner. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Runs a command that prints a summary, from which the counts are read. */
export async function runCommand(
  command: readonly string[],
  cwd: string,
  readCounts: (output: string) => Counts,
): Promise<SuiteResult> {
  const { code, output } = await execute(command, cwd);
  const { passed, failed, skipped } = readCounts(output);
  return {
    ran: passed + failed,
    // A runner that ends without a summary has failed too.
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: Array.from({ length: skipped }, () => "see the runner's output"),
    output,
  };
}

/** Adds up the results of several files. */
export function sumResults(results: readonly SuiteResult[]): SuiteResult {
  return {
    ran: results.reduce((sum, { ran }) => sum + ran, 0),
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
    skipped: results.flatMap(({ skipped }) => skipped),
    output: results.map(({ output }) => output).join("\n"),
  };
}

function execute([file, ...args]: readonly string[], cwd: string): Promise<{ code: number; output: string }> {
  // A runner that sees NODE_TEST_CONTEXT behaves as a child of this one and prints no summary.
  const env = { ...process.env, NO_COLOR: "1", NODE_TEST_CONTEXT: undefined, NODE_OPTIONS: undefined };
  return new Promise((resolve) => {
    const options = { cwd, env, timeout: 600_000, maxBuffer: 64 * 1024 * 1024 };
    execFile(file as string, args, options, (error, stdout, stderr) => {
      resolve({ code: error ? 1 : 0, output: stdout + stderr });
    });
  });
}
