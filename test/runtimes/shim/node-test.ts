/** `node:test` for runtimes that do not have it: registers tests, and runs them one after another. */

/** The result of one test file. */
export interface FileResult {
  readonly ran: number;
  /** Name and error of each test that failed. */
  readonly failures: readonly string[];
  /** Name and reason of each test that was skipped. */
  readonly skipped: readonly string[];
}

type TestFunction = (context: Record<string, never>) => unknown;
interface TestOptions {
  readonly skip?: boolean | string;
}

const tests: { name: string; run: TestFunction; skip: boolean | string }[] = [];
const befores: (() => unknown)[] = [];
const afters: (() => unknown)[] = [];

export function test(name: string, ...rest: [TestFunction] | [TestOptions, TestFunction]): void {
  const run = rest.at(-1) as TestFunction;
  const { skip = false } = rest.length === 2 ? (rest[0] as TestOptions) : {};
  tests.push({ name, run, skip });
}

export function before(run: () => unknown): void {
  befores.push(run);
}

export function after(run: () => unknown): void {
  afters.push(run);
}

/** Runs the tests that the file registered when it was imported. */
export async function runTests(): Promise<FileResult> {
  const failures: string[] = [];
  const skipped: string[] = [];
  let ran = 0;
  for (const run of befores) await run();
  for (const { name, run, skip } of tests) {
    if (skip) {
      skipped.push(`${name}: ${skip}`);
      continue;
    }
    ran += 1;
    try {
      await run({});
    } catch (error) {
      failures.push(`${name}: ${(error as Error)?.stack ?? String(error)}`);
    }
  }
  for (const run of afters) await run();
  return { ran, failures, skipped };
}
