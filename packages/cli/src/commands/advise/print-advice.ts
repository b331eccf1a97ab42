import { formatDuration } from "../../terminal/format-duration.ts";
import { progressBar } from "../../terminal/progress-line.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { wrapText } from "../../terminal/wrap-text.ts";
import type { Recommendation } from "./recommendation.ts";
import { sizeClasses, type Usage } from "./usage.ts";

/** Minutes after the install command; the last class is open-ended. */
const delayClasses = [0, 1, 2, 5, 10, 15, 30, 60, 120];
const longestBar = 40;
/** The text beside a bar: its label on the left, the count on the right. */
const besideBar = 17 + 9;
/** The width of the column of names. */
const nameWidth = 19;
/** In a narrower window, the table of transfers becomes sentences. */
const tableWidth = 60;

/** Prints what the log shows; the last line is the recommendation. */
export function printAdvice(usage: Usage, recommendation: Recommendation, isInferred: boolean, out: Terminal): void {
  const { bold, dim, green, red } = out.colours;
  const { current, recommended } = recommendation;
  const expiry = isInferred
    ? `Token Expiry appears to be ${current} min (if not, pass --expiry).`
    : `Token Expiry is ${current} min.`;
  out.line(
    wrapText(`${amount(usage.decisions)} decision${usage.decisions === 1 ? "" : "s"} read. ${expiry}`, out.width),
  );

  out.line();
  out.line(bold(wrapText("First request of each device, in minutes after the install command", out.width)));
  const barWidth = Math.max(1, Math.min(longestBar, out.width - besideBar));
  const counts = delayClasses.map((from, index) => countDelays(usage, current, from, delayClasses[index + 1]));
  const most = Math.max(1, ...counts);
  for (const [index, count] of counts.entries()) {
    const from = delayClasses[index] ?? 0;
    const to = delayClasses[index + 1];
    const label = to === undefined ? `over ${from} min` : `${from} to ${to} min`;
    const bar = count === 0 ? "" : progressBar(1, Math.max(1, Math.round((count / most) * barWidth)));
    const colour = from >= current ? red : green;
    out.line(`  ${label.padStart(13)}  ${colour(bar)} ${count === 0 ? dim("0") : amount(count)}`);
  }

  out.line();
  const late = usage.firstUses.between(Number.NEGATIVE_INFINITY, 0);
  printShare("First requests", usage.firstUses.total, late, "after the token had expired", out);
  printShare("Resumed downloads", usage.resumes.total, usage.outlived, "refused because their token had expired", out);
  if (usage.graced > 0) printRow("", `${amount(usage.graced)} allowed by --resume-grace`, out);
  if (usage.brokenOff > 0) {
    printRow("Interrupted", `${amount(usage.brokenOff)} transfer${usage.brokenOff === 1 ? "" : "s"}`, out);
  }
  printTransfers(usage, out);

  out.line();
  const colour = recommended === undefined ? out.colours.yellow : recommended > current ? red : green;
  out.line(bold(colour(wrapText(recommendation.sentence, out.width))));
}

function countDelays({ firstUses }: Usage, current: number, from: number, to: number | undefined): number {
  const latest = to === undefined ? Number.NEGATIVE_INFINITY : (current - to) * 60;
  const earliest = from === 0 ? Number.POSITIVE_INFINITY : (current - from) * 60;
  return firstUses.between(latest, earliest);
}

function printShare(name: string, total: number, count: number, what: string, out: Terminal): void {
  const share = count === 0 ? "all in time" : `${amount(count)} ${what} (${((100 * count) / total).toFixed(1)} %)`;
  printRow(name, `${amount(total)}${total === 0 ? "" : `, ${share}`}`, out);
}

function printRow(name: string, text: string, out: Terminal): void {
  out.line(`${name.padEnd(nameWidth)}${wrapText(text, out.width, " ".repeat(nameWidth), nameWidth)}`);
}

function printTransfers({ transfers }: Usage, out: Terminal): void {
  const { bold } = out.colours;
  if (sizeClasses.every((bound) => transfers.get(bound)?.total === 0)) return;
  out.line();
  const isTable = out.width >= tableWidth;
  const row = (label: string, count: string, half: string, nearlyAll: string): string =>
    `${label.padEnd(nameWidth)}${count.padStart(9)}${half.padStart(16)}${nearlyAll.padStart(16)}`;
  out.line(bold(isTable ? row("Complete transfers", "count", "half within", "95 % within") : "Complete transfers"));
  let from = 0;
  for (const bound of sizeClasses) {
    const durations = transfers.get(bound);
    const label = bound === Number.POSITIVE_INFINITY ? `over ${size(from)}` : `up to ${size(bound)}`;
    from = bound;
    if (!durations || durations.total === 0) continue;
    const half = formatDuration(durations.quantile(0.5) ?? 0);
    const nearlyAll = formatDuration(durations.quantile(0.95) ?? 0);
    const count = amount(durations.total);
    if (isTable) out.line(row(`  ${label}`, count, half, nearlyAll));
    else
      out.line(
        `  ${wrapText(`${label}: ${count}, half within ${half}, 95 % within ${nearlyAll}`, out.width, "    ", 2)}`,
      );
  }
}

function size(bytes: number): string {
  return bytes >= 1e9 ? `${bytes / 1e9} GB` : `${bytes / 1e6} MB`;
}

function amount(count: number): string {
  return count.toLocaleString("en");
}
