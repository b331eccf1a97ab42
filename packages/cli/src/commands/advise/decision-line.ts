import { StringDecoder } from "node:string_decoder";
import type { LogEntry } from "../../decision-log/log-entry.ts";

/** The members of a decision that matter here; a member whose type is not what `serve` writes counts as absent. */
export type DecisionLine = Pick<LogEntry, "status"> & Partial<Pick<LogEntry, keyof typeof memberTypes>>;

const memberTypes = {
  status: "number",
  code: "string",
  method: "string",
  path: "string",
  address: "string",
  token: "string",
  range: "string",
  secondsLeft: "number",
  size: "number",
  duration: "number",
  complete: "boolean",
  resumed: "boolean",
} as const satisfies Partial<Record<keyof LogEntry, "number" | "string" | "boolean">>;

const maxLineLength = 64 * 1024;

/** Reads the decisions in a log; other lines, and lines that are not JSON, are skipped. */
export async function* readDecisions(chunks: AsyncIterable<Buffer>): AsyncGenerator<DecisionLine> {
  const decoder = new StringDecoder("utf8");
  let partial = "";
  for await (const chunk of chunks) {
    const lines = (partial + decoder.write(chunk)).split("\n");
    partial = lines.pop() ?? "";
    if (partial.length > maxLineLength) partial = "";
    for (const line of lines) {
      const decision = readDecision(line);
      if (decision) yield decision;
    }
  }
  const last = readDecision(partial);
  if (last) yield last;
}

/** Log collectors put a prefix in front of the JSON, as `journalctl` does. */
function readDecision(line: string): DecisionLine | undefined {
  const start = line.indexOf('{"');
  if (start === -1 || line.length > maxLineLength || !line.includes('"event"')) return undefined;
  let entry: Readonly<Record<string, unknown>>;
  try {
    entry = JSON.parse(line.slice(start));
  } catch {
    return undefined;
  }
  if (entry.event !== "download" && entry.event !== "authorization") return undefined;
  const members = Object.entries(memberTypes).filter(([name, type]) => isOfType(entry[name], type));
  const decision = Object.fromEntries(members.map(([name]) => [name, entry[name]]));
  return "status" in decision ? (decision as unknown as DecisionLine) : undefined;
}

/** JSON allows 1e999, which JavaScript reads as Infinity. */
function isOfType(value: unknown, type: string): boolean {
  return typeof value === type && (type !== "number" || Number.isFinite(value));
}
