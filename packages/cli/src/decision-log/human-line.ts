import type { Colours, Terminal } from "../terminal/terminal.ts";
import { wrapMessage } from "../terminal/wrap-text.ts";
import type { LogEntry } from "./log-entry.ts";

/** A line of the log; its members are in the order of the JSON form. */
export type LogLine = {
  readonly level: "info" | "warn" | "error";
  readonly time: string;
  readonly msg?: string;
} & Partial<LogEntry>;

/** Rewrites one line of the log for a person: the decision first, then the details, dimmed. */
export function humanLine(line: LogLine, { colours, isTerminal, width }: Terminal): string {
  const time = colours.dim(new Date(line.time).toTimeString().slice(0, 8));
  if (line.event !== undefined) return `${time} ${decision(line, colours)}`;
  const text = `${time} ${message(line, colours)}`;
  return isTerminal ? wrapMessage(text, width, " ".repeat(9)) : text;
}

function message({ level, msg = "" }: LogLine, { yellow, red, bold }: Colours): string {
  if (level === "warn") return `${yellow(bold("warning"))} ${msg}`;
  if (level === "error") return `${red(bold("error"))} ${msg}`;
  return msg;
}

function decision(line: LogLine, { green, red, yellow, dim }: Colours): string {
  const { method = "", path = "", status = 0, code, bytes = 0, complete } = line;
  const colour = line.reportOnly ? yellow : status < 400 ? green : red;
  const refusal = code === undefined || code === "allowed" ? "" : ` ${colour(code)}`;
  const problem = line.problem === undefined ? "" : ` ${red(line.problem)}`;
  const details = [
    bytes > 0 ? `${size(bytes)} in ${duration(line.duration ?? 0)}` : "",
    complete ? "" : "incomplete",
    line.resumed ? "resumed after expiry" : "",
    line.reportOnly ? "LET THROUGH" : "",
    line.secondsLeft === undefined ? "" : life(line.secondsLeft),
    line.range ?? "",
    line.client ?? "",
  ];
  const shown = details.filter((detail) => detail !== "").join(", ");
  return `${colour(String(status))} ${method.padEnd(4)} ${path}${refusal}${problem} ${dim(shown)}`;
}

function life(secondsLeft: number): string {
  const seconds = Math.abs(secondsLeft);
  // A unit is used only for two or more of it: 90 min is more precise than 2 h.
  const [unit, length] = lifeUnits.find((one) => seconds >= 2 * one[1]) ?? ["s", 1];
  const amount = `${Math.round(seconds / length)} ${unit}`;
  return secondsLeft < 0 ? `expired ${amount} ago` : `${amount} left`;
}

const lifeUnits = [
  ["days", 86_400],
  ["h", 3600],
  ["min", 60],
] as const;

function duration(milliseconds: number): string {
  return milliseconds < 999.5 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** 999,499 bytes are `999 kB`, and 999,500 are `1.0 MB`. */
function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let power = 0;
  while (power < units.length - 1 && bytes >= 999.5 * 1000 ** power) power += 1;
  const amount = bytes / 1000 ** power;
  return `${amount.toFixed(power === 0 || amount >= 99.95 ? 0 : 1)} ${units[power]}`;
}
