import { fileURLToPath } from "node:url";
import { targets } from "./targets.mjs";

/** Stryker's options for one target, which run.mjs names in an environment variable. */
const name = process.env.PORTCULLIS_MUTATION;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export default {
  mutate: targets[name].mutate,
  // Not copied into the sandbox.
  ignorePatterns: ["/bench", "/examples", "dist", "test/packages", "test/runtimes", "/.tmp"],
  buildCommand: `node test/mutation/bundle-tests.mjs ${name}`,
  plugins: [here("test-runner.mjs")],
  testRunner: "bundled-tests",
  coverageAnalysis: "perTest",
  concurrency: Number(process.env.PORTCULLIS_MUTATION_PROCESSES ?? 1),
  // Tests that failed leave servers and files open.
  maxTestRunnerReuse: 100,
  // Generous, so that a slow test on a busy machine is not mistaken for an endless loop.
  timeoutMS: 60_000,
  timeoutFactor: 4,
  dryRunTimeoutMinutes: 60,
  tempDirName: ".tmp/mutation",
  reporters: ["lines", "progress-append-only"],
  checkers: [],
  disableTypeChecks: true,
  allowConsoleColors: false,
};
