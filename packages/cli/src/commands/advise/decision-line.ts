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

/** Log collectors put a prefix in front of the JSON, as `journalctl` does, or wrap it in their own JSON. */
function readDecision(line: string): DecisionLine | undefined {
  const start = line.indexOf('{"');
  if (start === -1 || line.length > maxLineLength || !/\\?"event\\?"/.test(line)) return undefined;
  const outer = parseObject(line.slice(start));
  const entry = outer && (isDecision(outer) ? outer : Object.values(outer).map(innerObject).find(isDecision));
  if (!entry) return undefined;
  const members = Object.entries(memberTypes).filter(([name, type]) => isOfType(entry[name], type));
  const decision = Object.fromEntries(members.map(([name]) => [name, entry[name]]));
  return "status" in decision ? (decision as unknown as DecisionLine) : undefined;
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * `journalctl --output json` (in `MESSAGE`) and Docker (in `log`) store the line as text; other collectors store it as
 * an object.
 */
function innerObject(value: unknown): JsonObject | undefined {
  if (typeof value === "string") return value.startsWith("{") ? parseObject(value) : undefined;
  return typeof value === "object" && value !== null ? (value as JsonObject) : undefined;
}

function isDecision(entry: JsonObject | undefined): boolean {
  return entry?.event === "download" || entry?.event === "authorization";
}

/** JSON allows 1e999, which JavaScript reads as Infinity. */
function isOfType(value: unknown, type: string): boolean {
  return typeof value === type && (type !== "number" || Number.isFinite(value));
}
