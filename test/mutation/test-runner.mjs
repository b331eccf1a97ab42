/**
 * Stryker's plugin that runs bundled tests in its own process. Each mutant gets the test files loaded again, with the
 * mutant active from the start, so nothing is left of the previous mutant; only key pairs are reused.
 */
import crypto from "node:crypto";
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join, relative } from "node:path";
import { mock } from "node:test";
import { pathToFileURL } from "node:url";
import { declareClassPlugin, PluginKind } from "@stryker-mutator/api/plugin";
import { DryRunStatus, MutantRunStatus, TestStatus } from "@stryker-mutator/api/test-runner";
import {
  activateInProcesses,
  attributeProcesses,
  endProcesses,
  readCoverageOfProcesses,
  watchProcesses,
} from "./child-processes.mjs";
import { createIsChosen, parseResults, placeOf } from "./is-chosen.mjs";
import { createSuite } from "./node-test.mjs";
import { leftOut, targets } from "./targets.mjs";

const folder = "bundled-tests";
/** How long each test took in the first run; the fastest files go first. */
const timesFile = join(folder, "times.json");
/** A test fails if it takes this long and ten times as long as without a mutant; in ms, see `attempt`. */
const patience = 8000;
const tick = 100;
/** A mutant that no test has noticed after this time counts as not noticed; the files that are nearest go first. */
const { mostTime = Number.POSITIVE_INFINITY } = targets[process.env.PORTCULLIS_MUTATION];

const { PORTCULLIS_MUTATION_ROOT: root, PORTCULLIS_MUTATION_RESULTS: resultsFile } = process.env;
const { date, share, seed, again } = JSON.parse(process.env.PORTCULLIS_MUTATION_CHOICE);
const isChosen = createIsChosen({
  share,
  seed,
  results: again ? parseResults(readFileSync(resultsFile, "utf8")).results : undefined,
});

let loads = 0;
globalThis.__stryker__ ??= {};
const stryker = globalThis.__stryker__;

class BundledTestRunner {
  #times = {};

  capabilities() {
    return { reloadEnvironment: true };
  }

  init() {
    reuseKeyPairs();
    watchProcesses();
    if (existsSync(timesFile)) this.#times = JSON.parse(readFileSync(timesFile, "utf8"));
  }

  async dryRun() {
    stryker.activeMutant = undefined;
    stryker.mutantCoverage = { static: {}, perTest: {} };
    const tests = [];
    const coverage = {};
    const files = [];
    for (const file of testFiles()) {
      files.push({ file, results: await runFile(file, { patience: () => 600_000, onTest: attributeProcesses }) });
    }
    const ofProcesses = readCoverageOfProcesses();
    for (const { file, results } of files) {
      tests.push(...results);
      // Code that runs when a file is loaded, or in hooks, counts as part of each of its tests.
      for (const { id } of results) {
        const { perTest } = stryker.mutantCoverage;
        coverage[id] = { ...perTest[id], ...perTest[file], ...ofProcesses[id], ...ofProcesses[file] };
      }
    }
    stryker.mutantCoverage = undefined;
    this.#times = Object.fromEntries(tests.map(({ id, timeSpentMs }) => [id, timeSpentMs]));
    writeFileSync(timesFile, JSON.stringify(this.#times));
    return { status: DryRunStatus.Complete, tests, mutantCoverage: { static: {}, perTest: coverage } };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit }) {
    if (!isChosen(withSchemaLocation(activeMutant)))
      return { status: MutantRunStatus.Error, errorMessage: "not chosen" };
    stryker.activeMutant = activeMutant.id;
    activateInProcesses(activeMutant.id);
    stryker.hitCount = hitLimit === undefined ? undefined : 0;
    stryker.hitLimit = hitLimit;
    const chosen = testFilter === undefined ? undefined : new Set(testFilter);
    const costOf = (file) =>
      Object.entries(this.#times).reduce(
        (sum, [id, time]) => (id.startsWith(`${file}#`) && (chosen?.has(id) ?? true) ? sum + time : sum),
        0,
      );
    const files = testFiles()
      .filter((file) => chosen === undefined || [...chosen].some((id) => id.startsWith(`${file}#`)))
      .map((file) => ({ file, cost: costOf(file), distance: distanceTo(file, activeMutant.fileName) }))
      .sort((one, other) => one.distance - other.distance || one.cost - other.cost);
    let ran = 0;
    let spent = 0;
    for (const { file, cost } of files) {
      if (spent > mostTime) break;
      spent += cost;
      const results = await runFile(file, {
        chosen,
        bail: true,
        patience: (id) => patience + 10 * (this.#times[id] ?? 0),
      });
      ran += results.length;
      const failed = results.find(({ status }) => status === TestStatus.Failed);
      if (failed === undefined) continue;
      if (stryker.hitCount > stryker.hitLimit || failed.isTimeout) {
        return { status: MutantRunStatus.Timeout, reason: failed.failureMessage };
      }
      return {
        status: MutantRunStatus.Killed,
        failureMessage: failed.failureMessage,
        killedBy: [failed.id],
        nrOfTests: ran,
      };
    }
    return { status: MutantRunStatus.Survived, nrOfTests: ran };
  }
}

/** Writes each result as a line of JSON as soon as it is known, so that the results of an interrupted run are not lost. */
class LineReporter {
  onMutationTestingPlanReady({ mutantPlans }) {
    const places = new Set(mutantPlans.map(({ mutant }) => placeOf(withSchemaLocation(mutant))));
    if (!again) this.#write({ date, share, seed, total: places.size });
  }

  onMutantTested({ fileName, mutatorName, replacement, location, status, killedBy }) {
    const file = relative(root, fileName);
    if (!isChosen({ file, location, replacement })) return;
    this.#write({ file, mutatorName, replacement, location, status, killedBy });
  }

  #write(line) {
    appendFileSync(resultsFile, `${JSON.stringify(line)}\n`);
  }
}

/** Stryker counts lines and columns from 0 while it runs, and from 1 in its reports. */
function withSchemaLocation({ fileName, location: { start, end }, replacement }) {
  const fromOne = ({ line, column }) => ({ line: line + 1, column: column + 1 });
  return { file: relative(root, fileName), location: { start: fromOne(start), end: fromOne(end) }, replacement };
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, "bundled-tests", BundledTestRunner),
  declareClassPlugin(PluginKind.Reporter, "lines", LineReporter),
];

/** How far a test file is from a source by name: the tests of the part that contains the source are most likely to notice a change. */
function distanceTo(file, source) {
  const words = new Set(relative(root, source).split(/[/.-]/));
  return -file.split(/[/.-]/).filter((word) => words.has(word)).length;
}

function testFiles() {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".test.mjs"))
    .map((name) => relative(folder, join(folder, name)))
    .sort();
}

/**
 * Loads a file and runs its tests one after another.
 *
 * @param file - the bundle
 * @param options.chosen - the ids of the tests to run; all if not given
 * @param options.bail - whether to stop at the first failure
 * @param options.patience - how long the test with an id can take, in ms
 * @param options.onTest - told which test runs next, and of the file where none does
 */
async function runFile(file, { chosen, bail = false, patience, onTest = () => {} }) {
  const results = [];
  const problems = watchForStrayErrors();
  const root = createSuite("", undefined);
  const started = new Set();
  const setTest = (id) => {
    stryker.currentTestId = id;
    onTest(id);
  };
  setTest(file);
  globalThis.collectedSuite = root;
  resetKeyPairs();
  const run = async (id, work, limit) => {
    const start = performance.now();
    const { failureMessage, isTimeout } = await attempt(work, problems, limit);
    const timeSpentMs = performance.now() - start;
    const status = failureMessage === undefined ? TestStatus.Success : TestStatus.Failed;
    if (failureMessage !== undefined || id !== undefined) {
      results.push({ id: id ?? `${file}#load`, name: id ?? file, timeSpentMs, status, failureMessage, isTimeout });
    }
    return failureMessage === undefined;
  };
  try {
    loads += 1;
    const url = `${pathToFileURL(join(folder, file))}?${loads}`;
    if (!(await run(undefined, () => import(url), 60_000))) return results;
    let index = 0;
    const visit = async (suite) => {
      for (const item of suite.tests) {
        if (item.tests !== undefined) {
          if (!(await visit(item)) && bail) return false;
          continue;
        }
        index += 1;
        const id = `${file}#${index} ${item.name}`;
        if (item.skip || leftOut.test(item.name) || (chosen !== undefined && !chosen.has(id))) continue;
        const suites = suitesOf(item);
        for (const outer of suites.filter((outer) => !started.has(outer))) {
          started.add(outer);
          for (const hook of outer.hooks.before) if (!(await run(undefined, hook, 60_000))) return false;
        }
        setTest(id);
        const passed = await run(id, () => runTest(item, suites), patience(id));
        setTest(file);
        if (!passed && bail) return false;
      }
      if (!started.delete(suite)) return true;
      for (const hook of suite.hooks.after) if (!(await run(undefined, hook, 60_000)) && bail) return false;
      return true;
    };
    started.add(root);
    for (const hook of root.hooks.before) if (!(await run(undefined, hook, 60_000))) return results;
    await visit(root);
  } finally {
    // Discards what a failed test left behind: one file can change what the next one uses.
    for (const { hooks } of started) for (const hook of hooks.after) await attempt(hook, problems, 60_000);
    endProcesses();
    problems.stop();
    mock.reset();
  }
  return results;
}

async function runTest({ name, body }, suites) {
  const cleanUps = [];
  const context = {
    name,
    mock: new mock.constructor(),
    after: (work) => cleanUps.push(work),
    diagnostic() {},
    signal: new AbortController().signal,
  };
  try {
    for (const { hooks } of suites) for (const hook of hooks.beforeEach) await hook();
    await body(context);
  } finally {
    for (const work of cleanUps) await work();
    for (const { hooks } of suites) for (const hook of hooks.afterEach) await hook();
    context.mock.reset();
  }
}

/** The suites that a test is in, the outermost first. */
function suitesOf({ suite }) {
  const suites = [];
  for (let outer = suite; outer !== undefined; outer = outer.parent) suites.unshift(outer);
  return suites;
}

/**
 * Runs a test or a hook. The limit, in ms, is counted in ticks of this process, which are late while other processes have
 * the processor: a test that only waits for it has not failed.
 */
async function attempt(work, problems, limit) {
  let timer;
  const expired = Symbol("expired");
  try {
    const late = new Promise((resolve) => {
      let left = Math.ceil(limit / tick);
      timer = setInterval(() => {
        left -= 1;
        if (left === 0) resolve(expired);
      }, tick);
    });
    const outcome = await Promise.race([(async () => work())(), problems.first, late]);
    if (outcome === expired) return { failureMessage: `took more than ${limit} ms`, isTimeout: true };
    return {};
  } catch (error) {
    return { failureMessage: String(error?.message ?? error).slice(0, 300) || "failed" };
  } finally {
    clearInterval(timer);
  }
}

/** Like `node:test`, fails a test during which an error has no handler. */
function watchForStrayErrors() {
  let report;
  const first = new Promise((_, reject) => {
    report = reject;
  });
  first.catch(() => {});
  process.on("uncaughtException", report).on("unhandledRejection", report);
  return {
    first,
    stop: () => process.off("uncaughtException", report).off("unhandledRejection", report),
  };
}

const pairs = new Map();
let asked = new Map();

function resetKeyPairs() {
  asked = new Map();
}

/** Making a key pair takes longer than most tests, so the n-th one that a file requests is the same in each run. */
function reuseKeyPairs() {
  const remember = (owner, method) => {
    const generate = owner[method].bind(owner);
    owner[method] = (...args) => {
      const kind = `${method} ${JSON.stringify(args)}`;
      const nth = asked.get(kind) ?? 0;
      asked.set(kind, nth + 1);
      const known = pairs.get(kind) ?? [];
      pairs.set(kind, known);
      known[nth] ??= generate(...args);
      return known[nth];
    };
  };
  remember(crypto, "generateKeyPairSync");
  remember(crypto.webcrypto.subtle, "generateKey");
  syncBuiltinESMExports();
}
