/**
 * Runs mutation tests: `npm run mutation [-- TARGET...]`, where the targets are those of targets.mjs. Each result goes
 * into .tmp/mutation-TARGET.jsonl when it is there. Fails if a change is noticed by no test and survivors.json has no
 * reason why; those that are left are printed. With `--write`, the result goes into docs/mutation-testing.md.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { targets } from "./targets.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const args = process.argv.slice(2);
const named = args.filter((arg) => !arg.startsWith("--"));
const names = named.length > 0 ? named : Object.keys(targets);
const unknown = names.find((name) => !(name in targets));
if (unknown !== undefined) {
  console.error(`There is no target ${unknown}. The targets are: ${Object.keys(targets).join(", ")}.`);
  process.exit(2);
}
if (!existsSync(here("node_modules"))) run("npm", ["ci", "--ignore-scripts"], { cwd: here(".") });

const explained = JSON.parse(readFileSync(here("survivors.json"), "utf8"));
const rows = [];
for (const name of names) {
  const resultsFile = `${root}.tmp/mutation-${name}.jsonl`;
  if (!args.includes("--only-report")) {
    mkdirSync(`${root}.tmp`, { recursive: true });
    rmSync(resultsFile, { force: true });
    const env = {
      ...process.env,
      PORTCULLIS_MUTATION: name,
      PORTCULLIS_MUTATION_ROOT: root,
      PORTCULLIS_MUTATION_RESULTS: resultsFile,
    };
    const stryker = here("node_modules/@stryker-mutator/core/bin/stryker.js");
    run(process.execPath, [stryker, "run", here("stryker.config.mjs")], { cwd: root, env });
  }
  const results = readResults(resultsFile);
  const survivors = results.filter(({ status }) => status === "Survived" || status === "NoCoverage").map(withCode);
  const unexplained = survivors.filter((survivor) => reasonOf(survivor) === undefined);
  for (const { file, location, line, code, replacement } of unexplained) {
    console.log(`${file}:${location.start.line}:${location.start.column}: ${code}\n    survives as: ${replacement}`);
    if (args.includes("--json"))
      console.log(JSON.stringify({ file, line, code, replacement: replacement.replace(/\s+/g, " ") }));
  }
  for (const file of [...new Set(results.map((result) => result.file))].sort()) {
    const ofFile = results.filter((result) => result.file === file);
    const noticed = ofFile.filter(({ status }) => status === "Killed" || status === "Timeout").length;
    const open = unexplained.filter((survivor) => survivor.file === file).length;
    rows.push({ name, file, changes: ofFile.length, noticed, explained: ofFile.length - noticed - open, open });
  }
}
const total = (column) => rows.reduce((sum, row) => sum + row[column], 0);
const cells = ({ changes, noticed, explained, open }) => `${changes} | ${noticed} | ${explained} | ${open} |`;
const sum = {
  changes: total("changes"),
  noticed: total("noticed"),
  explained: total("explained"),
  open: total("open"),
};
const table = [
  "| file | changes | noticed by a test | cannot be noticed | open |",
  "|---|---|---|---|---|",
  ...rows.map((row) => `| ${inLink(row.file)} | ${cells(row)}`),
  `| all | ${cells(sum)}`,
].join("\n");
console.log(table);
if (args.includes("--write")) writePage();
process.exitCode = rows.some(({ name, open }) => name === "core" && open > 0) ? 1 : 0;

/** A change that was tried again counts once, as it was the last time. */
function readResults(file) {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  const results = lines.map((line) => JSON.parse(line));
  return [...new Map(results.map((one) => [JSON.stringify([one.file, one.location, one.replacement]), one])).values()];
}

/** With the text that was changed and its line, which name a survivor even when lines move. */
function withCode(result) {
  const { file, location } = result;
  const lines = readFileSync(`${root}${file}`, "utf8").split("\n");
  const { start, end } = location;
  const text = lines.slice(start.line - 1, end.line);
  text[text.length - 1] = text.at(-1).slice(0, end.column - 1);
  text[0] = text[0].slice(start.column - 1);
  return { ...result, line: lines[start.line - 1].trim(), code: text.join(" ").replace(/\s+/g, " ") };
}

function reasonOf({ file, line, code, replacement }) {
  const isSame = (one) => one.file === file && one.line === line && one.code === code;
  return explained.find((one) => isSame(one) && one.replacement === replacement.replace(/\s+/g, " "))?.reason;
}

function writePage() {
  const page = `${root}docs/mutation-testing.md`;
  const text = readFileSync(page, "utf8");
  const listed = explained.map(
    ({ file, code, replacement, reason }) =>
      `| ${inLink(file)} | ${inCode(code)} | ${inCode(replacement)} | ${reason} |`,
  );
  const date = new Date().toISOString().slice(0, 10);
  const parts = {
    result: `Measured on ${date}:\n\n${table}`,
    survivors: ["| file | text | changed to | why no test can notice it |", "|---|---|---|---|", ...listed].join("\n"),
  };
  let written = text;
  for (const [name, content] of Object.entries(parts)) {
    const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
    const [before, rest = ""] = written.split(begin);
    const [, after] = rest.split(end);
    if (after === undefined) throw new Error(`docs/mutation-testing.md needs ${begin} and ${end}`);
    written = `${before}${begin}\n${content}\n${end}${after}`;
  }
  writeFileSync(page, written);
}

function inLink(file) {
  return `[${file.replace(/^packages\/(.*)\/src\//, "$1/")}](../${file})`;
}

/** As code in a table. */
function inCode(text) {
  const fence = text.includes("`") ? "``" : "`";
  const escaped = text.replaceAll("|", "\\|");
  return text === "" ? "nothing" : `${fence}${fence.length > 1 ? ` ${escaped} ` : escaped}${fence}`;
}

function run(program, programArgs, options) {
  const { status } = spawnSync(program, programArgs, { stdio: "inherit", ...options });
  if (status !== 0) process.exit(status ?? 1);
}
