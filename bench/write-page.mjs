/** Writes docs/performance.md and its plots from results.json: `node bench/write-page.mjs`, or at the end of a run. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { check, limit, measuredValue, titleOf } from "./budgets.mjs";
import {
  aheadTable,
  growthTable,
  missedTable,
  moduleRate,
  newTokenTable,
  profileTable,
  workersTable,
} from "./findings.mjs";
import { format, plot } from "./plot.mjs";
import { median, quartiles } from "./statistics.mjs";

const docs = fileURLToPath(new URL("../docs/", import.meta.url));
const isOurs = (name) => /portcullis|gate\.check|^serve|^auth|^folder|^cache/.test(name);

/** Groups that are shown as a plot, with its title and file. */
const plots = [
  ["a new token", "Verifying a token that was never seen before, time for each", "new-token"],
  ["guard: a repeated token", "One response behind a guard, always the same token, processor time", "guards"],
  ["guard: each token new", "One response behind a guard, always a new token, processor time", "guards-new-tokens"],
  ["a file of 64 KiB", "Sending a file of 64 KiB, processor time", "small-file"],
  ["a file of 10 MiB", "Sending a file of 10 MiB, processor time", "large-file"],
  [
    "in front of nginx: 64 KiB, a repeated token",
    "A file of 64 KiB from nginx, always the same token, processor time",
    "proxies",
  ],
  [
    "in front of nginx: 64 KiB, each token new",
    "A file of 64 KiB from nginx, always a new token, processor time",
    "proxies-new-tokens",
  ],
];

/** All groups, with the median and the quartiles of their rounds. */
export function measurementTable(measurements) {
  const rows = measurements.map(({ group, name, unit, rounds }) => {
    const [low, high] = quartiles(rounds);
    const spread = rounds.length > 1 ? `${format(low, unit)} – ${format(high, unit)}` : "–";
    return `| ${group} | ${name} | ${format(median(rounds), unit)} | ${spread} |`;
  });
  return ["| | what | median | quartiles |", "|---|---|---|---|", ...rows].join("\n");
}

/** The budgets, what was measured, and whether it holds. */
export function budgetTable(outcomes) {
  const rows = outcomes.map((outcome) => {
    const { unit, most, holds } = outcome;
    const measured = `${measuredValue(outcome)} ${unit}${holds ? "" : " (missed)"}`;
    return `| ${titleOf(outcome)} | ≤ ${limit(most)} ${unit} | ${measured} |`;
  });
  return ["| what | budget | measured |", "|---|---|---|", ...rows].join("\n");
}

export function measurementsOf({ runs }) {
  return Object.values(runs).flatMap((run) => run.measurements);
}

/** The smallest and the largest value of a member over the runs of all measurements. */
function range({ runs }, name) {
  const values = Object.values(runs)
    .map((run) => run[name])
    .sort((one, other) => (one < other ? -1 : 1));
  return values[0] === values.at(-1) ? values[0] : `${values[0]} to ${values.at(-1)}`;
}

/** Text of the page and its plots, by path from docs. */
export function performancePages(results) {
  const { processor, processors, versions } = results;
  const measurements = measurementsOf(results);
  const files = {};
  for (const [group, title, name] of plots) {
    const series = measurements.filter((one) => one.group === group);
    if (series.length > 0) files[`performance/${name}.svg`] = plot(title, series, isOurs);
  }
  const shown = plots.filter(([, , name]) => `performance/${name}.svg` in files);
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const parts = {
    machine: `Measured on ${range(results, "date")} on ${processors} cores of ${processor} with other work on them (load ${range(results, "load")}), with ${list.join(", ")}.`,
    plots: shown.map(([, title, name]) => `![${title}](performance/${name}.svg)`).join("\n\n"),
    ahead: aheadTable(measurements),
    profiles: profileTable(measurements),
    newToken: newTokenTable(measurements),
    budgets: budgetTable(check(measurements)),
    missed: missedTable(check(measurements)),
    growth: growthTable(measurements),
    moduleRate: moduleRate(measurements),
    workers: workersTable(measurements),
  };
  const template = readFileSync(new URL("page-template.txt", import.meta.url), "utf8");
  files["performance.md"] = template.replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name]);
  files["measurements.md"] = `# Measurements

This page lists every median with its quartiles. [Performance](performance.md) shows the most important ones.

${parts.machine}

${measurementTable(measurements)}
`;
  return files;
}

export function writePages(results) {
  rmSync(`${docs}performance`, { recursive: true, force: true });
  mkdirSync(`${docs}performance`);
  for (const [path, text] of Object.entries(performancePages(results))) writeFileSync(docs + path, text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writePages(JSON.parse(readFileSync(new URL("results.json", import.meta.url), "utf8")));
}
