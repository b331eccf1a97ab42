/**
 * `npm run bench`: measures Portcullis beside its peers in one run, and writes docs/performance.md with its plots.
 *
 * `npm run bench -- --check` writes nothing, and fails if a budget is missed. With `--short` it takes about a minute and
 * fails if a ratio is more than twice its budget and more than twice the one in results.json. With names of
 * measurements, only these are made, and the rest of the page is kept: `npm run bench -- files stores`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
if (!existsSync(new URL("node_modules", import.meta.url))) {
  spawnSync("npm", ["ci", "--ignore-scripts"], { cwd: here, stdio: "inherit" });
}

/** Bun, Deno and workerd; what could not be installed is left out. */
function prepareRuntimes() {
  const folder = fileURLToPath(new URL("../test/runtimes", import.meta.url));
  if (!existsSync(`${folder}/node_modules`)) {
    spawnSync("npm", ["ci", "--ignore-scripts", "--prefix", folder], { stdio: "inherit" });
  }
}

const modules = {
  verification: async () => (await import("./measure-verification.mjs")).measureVerification,
  adapters: async () => (await import("./measure-adapters.mjs")).measureAdapters,
  command: async () => (await import("./measure-command.mjs")).measureCommand,
  files: async () => (await import("./measure-files.mjs")).measureFiles,
  stores: async () => (await import("./measure-stores.mjs")).measureStores,
  bucket: async () => (await import("./measure-bucket.mjs")).measureBucket,
  growth: async () => (await import("./measure-growth.mjs")).measureGrowth,
  workers: async () => (await import("./measure-workers.mjs")).measureWorkers,
  depot: async () => (await import("./measure-depot.mjs")).measureDepot,
  profile: async () => (await import("./measure-profile.mjs")).measureProfile,
  "long-growth": async () => (await import("./measure-long-growth.mjs")).measureLongGrowth,
};
/** Takes half an hour, so it runs only if it is named. Otherwise, its last results stay on the page. */
const longModules = ["long-growth"];
/** The short run measures only what a change could make much worse without any test noticing. */
const shortModules = ["verification", "adapters", "command", "files"];

const args = process.argv.slice(2);
const isShort = args.includes("--short");
const isCheck = args.includes("--check");
const named = args.filter((arg) => !arg.startsWith("--"));
const unknown = named.find((name) => !(name in modules));
if (unknown !== undefined) {
  console.error(`There is no measurement ${unknown}. There are: ${Object.keys(modules).join(", ")}.`);
  process.exit(2);
}
const usualModules = Object.keys(modules).filter((name) => !longModules.includes(name));
const settings = isShort
  ? { rounds: 3, count: 300, warmUp: 1500, fresh: { count: 300, warmUp: 1500 }, share: 0.1, isShort }
  : { rounds: 9, count: 6000, warmUp: 20_000, fresh: { count: 1200, warmUp: 6000 }, share: 0.5, isShort };

const { check, checkRoughly } = await import("./budgets.mjs");
const { describeMachine } = await import("./machine.mjs");
const { measurementTable, budgetTable, measurementsOf, writePages } = await import("./write-page.mjs");

if (!isShort) prepareRuntimes();
const runs = {};
for (const name of named.length > 0 ? named : isShort ? shortModules : usualModules) {
  const started = Date.now();
  try {
    const measure = await modules[name]();
    const measurements = await measure(settings);
    runs[name] = { date: new Date().toISOString().slice(0, 10), load: Math.round(loadavg()[1]), measurements };
  } catch (error) {
    console.error(`${name} could not be measured:`, error);
    process.exitCode = 1;
  }
  console.error(`measured ${name} in ${Math.round((Date.now() - started) / 1000)} s`);
}

const file = new URL("results.json", import.meta.url);
const last = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { runs: {} };
const measurements = Object.values(runs).flatMap((run) => run.measurements);
const outcomes = isShort ? checkRoughly(measurements, measurementsOf(last)) : check(measurements);
console.log(measurementTable(measurements));
console.log(`\n${budgetTable(outcomes)}\n`);
if (isCheck) {
  const missed = outcomes.filter(({ holds }) => !holds);
  console.log(
    missed.length === 0 ? "Every budget holds." : `${missed.length} of ${outcomes.length} budgets are missed.`,
  );
  if (missed.length > 0) process.exitCode = 1;
} else if (!isShort) {
  const results = { ...describeMachine(), runs: { ...last.runs, ...runs } };
  const text = `${JSON.stringify(results, rounded, 1)}\n`;
  writeFileSync(file, text);
  writePages(JSON.parse(text));
  console.log("Wrote bench/results.json, docs/performance.md and its plots.");
}

function rounded(_name, value) {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}
