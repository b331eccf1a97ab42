/** What the measurements show: tables for docs/performance.md, whose figures and claims all come from the data. */
import { limit, measuredValue, titleOf } from "./budgets.mjs";
import { format } from "./plot.mjs";
import { comparisons, reasonOfBudget, reasonsOfPeers } from "./reasons.mjs";
import { median, ratio } from "./statistics.mjs";

const none = "–";

/** Every peer that costs less than Portcullis in some group, and why. */
export function aheadTable(measurements) {
  const find = finder(measurements);
  const rows = [];
  for (const { groups, ours, peers } of comparisons) {
    for (const peer of peers) {
      const ahead = groups.flatMap((group) => {
        const [own, other] = [find(group, ours), find(group, peer)];
        if (!own || !other) return [];
        const share = ratio(other.rounds, own.rounds);
        return share < 1 ? [`${group}: ${limit(share)} × the cost of ${ours}`] : [];
      });
      if (ahead.length > 0) rows.push(`| ${peer} | ${ahead.join("<br>")} | ${reasonsOfPeers[peer] ?? none} |`);
    }
  }
  if (rows.length === 0) return "In this run, no peer was ahead.";
  return ["| peer | where | why |", "|---|---|---|", ...rows].join("\n");
}

/** The budgets that are missed, and why; those with the same reason share a row. */
export function missedTable(outcomes) {
  const byReason = new Map();
  for (const outcome of outcomes.filter(({ holds }) => !holds)) {
    const { unit, most } = outcome;
    const reason = reasonOfBudget(outcome) ?? "The cause is not known.";
    const text = `${titleOf(outcome)}: ${measuredValue(outcome)} ${unit}, budget ${limit(most)} ${unit}`;
    byReason.set(reason, [...(byReason.get(reason) ?? []), text]);
  }
  if (byReason.size === 0) return "In this run, no budget was missed.";
  const rows = [...byReason].map(([reason, texts]) => `| ${texts.join("<br>")} | ${reason} |`);
  return ["| measured | why |", "|---|---|", ...rows].join("\n");
}

const newToken = "profile of a new token";

/** Microseconds of a new token, by the part of the gate that used them. */
export function newTokenTable(measurements) {
  const parts = measurements.filter(({ group }) => group === newToken);
  if (parts.length === 0) return "A new token was not profiled in this run.";
  const rows = parts.map(({ name, rounds }) => `| ${name} | ${median(rounds).toFixed(1)} µs |`);
  return ["| part of checking a new token | processor time |", "|---|---|", ...rows].join("\n");
}

/** Microseconds of a request, by the part of the server that used them; a column for each server. */
export function profileTable(measurements) {
  const profiles = measurements.filter(({ group }) => group.startsWith("profile: "));
  if (profiles.length === 0) return "The last run did not measure this.";
  const groups = [...new Set(profiles.map(({ group }) => group))];
  const parts = [...new Set(profiles.map(({ name }) => name))];
  const find = finder(profiles);
  const cells = (part) =>
    groups.map((group) => {
      const found = find(group, part);
      return found ? median(found.rounds).toFixed(1) : none;
    });
  const sum = groups.map((group) =>
    profiles
      .filter((one) => one.group === group)
      .reduce((total, { rounds }) => total + median(rounds), 0)
      .toFixed(1),
  );
  return [
    "Microseconds of processor time for each request, in each part of the program, according to a sampling profiler:",
    "",
    `| | ${groups.map((group) => group.slice("profile: ".length)).join(" | ")} |`,
    `|---|${groups.map(() => "---|").join("")}`,
    ...parts.map((part) => `| ${part} | ${cells(part).join(" | ")} |`),
    `| total | ${sum.join(" | ")} |`,
  ].join("\n");
}

const growths = [
  ["growth: tokens, all different", "different tokens", "A fixed number of tokens is cached, and no forged ones."],
  ["growth: memory", "different tokens, memory", "The same reason."],
  ["growth: 10 million tokens", "10 million different tokens", "The same reason."],
  ["growth: 10 million tokens, memory", "10 million different tokens, memory", "The same reason."],
  [
    "growth: keys, a new token",
    "keys, a new token",
    "One key is tried after another, because Jamf Pro's tokens do not say which key signed them.",
  ],
  [
    "growth: keys, a repeated token",
    "keys, a repeated token",
    "A repeated token is not verified again; the gate only looks for the key that signed it.",
  ],
  [
    "growth: open connections",
    "open connections",
    "The more connections there are, the less of the data of each is in the processor's caches.",
  ],
  ["growth: open connections, 2 workers", "open connections, `--workers 2`", "The same reason."],
  [
    "growth: good requests in a flood",
    "forged tokens",
    "Valid requests wait behind forged ones, each of which takes one verification; the load generator shares the processor with the server.",
  ],
];

/** What changes with the number of tokens, keys, connections and forged requests. */
export function growthTable(measurements) {
  const rows = growths.flatMap(([group, title, reason]) => {
    const series = measurements.filter((one) => one.group === group);
    if (series.length === 0) return [];
    const figures = series.map(({ name, unit, rounds }) => `${name}: ${format(median(rounds), unit)}`);
    return [`| ${title} | ${figures.join("<br>")} | ${reason} |`];
  });
  return ["| with the number of | cost | why |", "|---|---|---|", ...rows].join("\n");
}

/** How many requests with new tokens the module checks in a second, not counting the time of nginx itself. */
export function moduleRate(measurements) {
  const group = "in front of nginx: 64 KiB, each token new";
  const find = finder(measurements);
  const [module, alone] = [find(group, "nginx with @portcullis/nginx"), find(group, "nginx alone")];
  if (!module || !alone) return none;
  return Math.round(1e4 / (median(module.rounds) - median(alone.rounds))) * 100;
}

/** What a request costs with one process and with several. */
export function workersTable(measurements) {
  const names = ["one process", "two processes", "--workers 2"];
  const find = finder(measurements);
  const rows = ["serve", "auth"].map((command) => {
    const cells = names.map((name) => {
      const found = find(`processes: ${command}`, name);
      return found ? format(median(found.rounds), found.unit) : none;
    });
    return `| ${command} | ${cells.join(" | ")} |`;
  });
  const titles = "one process | two processes on two ports | `--workers 2`";
  return [`| processor time of a request | ${titles} |`, "|---|---|---|---|", ...rows].join("\n");
}

function finder(measurements) {
  return (group, name) => measurements.find((one) => one.group === group && one.name === name);
}
