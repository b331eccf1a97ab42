/**
 * Makes the active mutant active in the processes that tests start, too. The sources with the mutants read
 * `__STRYKER_ACTIVE_MUTANT__` when they are loaded; in the first run, the command writes down what it has executed.
 */
import { ChildProcess } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

const coverageFolder = resolve("coverage-of-processes");
let variables = {};
let running = new Set();

/** Code that is inserted in front of the command's own code. */
export const preamble = `
import { renameSync as stryRename, writeFileSync as stryWrite } from "node:fs";
if (process.env.STRYKER_COVERAGE_FOLDER && globalThis.__stryker__ === undefined) {
  globalThis.__stryker__ = { mutantCoverage: { static: {}, perTest: {} } };
  const { STRYKER_COVERAGE_FOLDER: folder, STRYKER_TEST: test } = process.env;
  const file = folder + "/" + process.pid + "-" + performance.timeOrigin;
  const write = () => {
    try {
      stryWrite(file, JSON.stringify({ test, executed: globalThis.__stryker__.mutantCoverage.static }));
      stryRename(file, file + ".json");
    } catch {} // another user, or no space left
  };
  process.on("exit", write);
  setInterval(write, 100).unref(); // for a process that is killed
}
`;

/** Passes the variables to all processes that are started from now on. */
function setVariables(next) {
  for (const name of Object.keys(variables)) delete process.env[name];
  variables = next;
  Object.assign(process.env, variables);
}

/** Once: processes whose environment is given explicitly get the variables as well; the command would warn of our own. */
export function watchProcesses() {
  for (const name of Object.keys(process.env)) if (name.startsWith("PORTCULLIS_MUTATION")) delete process.env[name];
  const { spawn } = ChildProcess.prototype;
  ChildProcess.prototype.spawn = function (options) {
    const own = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    const others = (options.envPairs ?? []).filter((pair) => !Object.hasOwn(variables, pair.split("=")[0]));
    const error = spawn.call(this, { ...options, envPairs: [...others, ...own] });
    running.add(this);
    this.once("exit", () => running.delete(this));
    return error;
  };
}

/** Activates a mutant in the processes that are started from now on. */
export function activateInProcesses(mutant) {
  setVariables({ __STRYKER_ACTIVE_MUTANT__: mutant });
}

/** Attributes to a test what processes execute from now on. */
export function attributeProcesses(test) {
  mkdirSync(coverageFolder, { recursive: true });
  setVariables({ STRYKER_COVERAGE_FOLDER: coverageFolder, STRYKER_TEST: test });
}

/** How often each mutant was executed in processes, by test, since it was asked last. */
export function readCoverageOfProcesses() {
  const coverage = {};
  for (const name of readdirSync(coverageFolder).filter((name) => name.endsWith(".json"))) {
    const { test, executed } = JSON.parse(readFileSync(join(coverageFolder, name), "utf8"));
    coverage[test] ??= {};
    for (const [mutant, count] of Object.entries(executed)) {
      coverage[test][mutant] = (coverage[test][mutant] ?? 0) + count;
    }
  }
  rmSync(coverageFolder, { recursive: true });
  return coverage;
}

/** Ends the processes that a failed test left behind. */
export function endProcesses() {
  for (const child of running) child.kill("SIGKILL");
  running = new Set();
}
