/**
 * Runs mutation tests: `npm run mutation -- [OPTION...] [TARGET...]`, where the targets are those of targets.mjs. Each
 * result is written to .tmp/mutation-TARGET.jsonl as soon as it is known. Changes that are noticed by no test and have no
 * reason in survivors.json are printed. Fails if core has one, or if too few of another target's changes are noticed.
 *
 * `--share 0.2`    tries a fifth of the changes
 * `--seed 2`       selects other changes; the default is 1
 * `--again`        tries those changes again that no test noticed in the last run; the sources must be the same
 * `--only-report`  reports on the last run
 * `--write`        writes the results to docs/mutation-testing.md
 * `--json`         prints the changes that are left as survivors.json needs them
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isNoticed, parseResults } from "./is-chosen.mjs";
import { inLink, mutationPage } from "./page.mjs";
import { shortfall, targets } from "./targets.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    share: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    again: { type: "boolean", default: false },
    "only-report": { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(targets);
const unknown = names.find((name) => !(name in targets));
if (unknown !== undefined) {
  console.error(`There is no target ${unknown}. The targets are: ${Object.keys(targets).join(", ")}.`);
  process.exit(2);
}
const [share, seed] = [Number(options.share), Number(options.seed)];
if (!(share > 0 && share <= 1) || !Number.isSafeInteger(seed)) {
  console.error("--share must be greater than 0 and at most 1, and --seed an integer.");
  process.exit(2);
}
if (!existsSync(here("node_modules"))) run("npm", ["ci", "--ignore-scripts"], { cwd: here(".") });

const explained = JSON.parse(readFileSync(here("survivors.json"), "utf8"));
const reports = names.map((name) => {
  const resultsFile = `${root}.tmp/mutation-${name}.jsonl`;
  if (!options["only-report"]) tryChanges(name, resultsFile);
  return reportOn(name, parseResults(readFileSync(resultsFile, "utf8")));
});
if (options.write) {
  const page = `${root}docs/mutation-testing.md`;
  writeFileSync(page, mutationPage(readFileSync(page, "utf8"), reports, explained));
}
if (reports.some(({ isEnough }) => !isEnough)) process.exitCode = 1;

function tryChanges(name, resultsFile) {
  mkdirSync(`${root}.tmp`, { recursive: true });
  if (!options.again) rmSync(resultsFile, { force: true });
  const date = new Date().toISOString().slice(0, 10);
  const env = {
    ...process.env,
    PORTCULLIS_MUTATION: name,
    PORTCULLIS_MUTATION_ROOT: root,
    PORTCULLIS_MUTATION_RESULTS: resultsFile,
    PORTCULLIS_MUTATION_CHOICE: JSON.stringify({ date, share, seed, again: options.again }),
  };
  const stryker = here("node_modules/@stryker-mutator/core/bin/stryker.js");
  run(process.execPath, [stryker, "run", here("stryker.config.mjs")], { cwd: root, env });
}

/** Prints what is left of a target's changes, and returns its section of the page. */
function reportOn(name, { plan, results }) {
  const survivors = results.filter((result) => !isNoticed(result)).map(withCode);
  const open = survivors.filter((survivor) => reasonOf(survivor) === undefined);
  for (const { file, location, line, code, replacement } of open) {
    console.log(`${file}:${location.start.line}:${location.start.column}: ${code}\n    survives as: ${replacement}`);
    if (options.json) console.log(JSON.stringify({ file, line, code, replacement: inOneLine(replacement) }));
  }
  const hasRun = (file) => plan.share === 1 && results.some((result) => result.file === file);
  for (const { file, line, replacement } of explained.filter(
    (one) => hasRun(one.file) && !survivors.some(isSame(one)),
  )) {
    console.log(`survivors.json lists a change that is noticed or no longer made: ${file}: ${line} => ${replacement}`);
  }
  const count = (part) => {
    const [changes, noticed, left] = [results, results.filter(isNoticed), open].map((all) => all.filter(part).length);
    return `${changes} | ${noticed} | ${changes - noticed - left} | ${left} |`;
  };
  // A file of a sample has a few changes only.
  const rowOf = ({ file }) => (plan.share < 1 ? dirname(file) : file);
  const rows = [...new Set(results.map(rowOf))].sort();
  const table = [
    `| ${plan.share < 1 ? "folder" : "file"} | changes | noticed by a test | cannot be noticed | open |`,
    "|---|---|---|---|---|",
    ...rows.map((row) => `| ${inLink(row)} | ${count((result) => rowOf(result) === row)}`),
    `| all | ${count(() => true)}`,
  ].join("\n");
  const part = results.filter(isNoticed).length / results.length;
  const chosen =
    plan.share < 1 ? `, chosen by \`npm run mutation -- ${name} --share ${plan.share} --seed ${plan.seed}\`` : "";
  const summary = `Measured on ${plan.date} with ${results.length} of ${plan.total} changes${chosen}: ${percent(part)} are noticed.`;
  console.log(`${name}: ${summary}\n${table}`);
  const problem = shortfall(name, { open: open.length, part });
  if (problem !== undefined) console.error(problem);
  return { name, section: `### ${name}\n\n${summary}\n\n${table}\n`, isEnough: problem === undefined };
}

/** Adds the text that was changed and its line, which identify a survivor even after lines have moved. */
function withCode(result) {
  const { file, location } = result;
  const lines = readFileSync(`${root}${file}`, "utf8").split("\n");
  const { start, end } = location;
  const text = lines.slice(start.line - 1, end.line);
  text[text.length - 1] = text.at(-1).slice(0, end.column - 1);
  text[0] = text[0].slice(start.column - 1);
  return { ...result, line: lines[start.line - 1].trim(), code: inOneLine(text.join(" ")) };
}

function reasonOf(survivor) {
  return explained.find((one) => isSame(one)(survivor))?.reason;
}

function isSame(one) {
  return ({ file, line, code, replacement }) =>
    file === one.file && line === one.line && code === one.code && inOneLine(replacement) === one.replacement;
}

/** Rounded down, so that a result is not better than measured. */
function percent(part) {
  return `${Math.floor(part * 1000) / 10} %`;
}

function inOneLine(text) {
  return text.replace(/\s+/g, " ");
}

function run(program, programArgs, options) {
  const { status } = spawnSync(program, programArgs, { stdio: "inherit", ...options });
  if (status !== 0) process.exit(status ?? 1);
}
