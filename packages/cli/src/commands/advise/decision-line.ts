import { StringDecoder } from "node:string_decoder";
import type { LogEntry } from "../../decision-log/log-entry.ts";

/** A line of the decision log, as far as it matters here. */
export type DecisionLine = Pick<LogEntry, "method" | "path" | "status" | "bytes" | "duration" | "complete"> &
  Partial<LogEntry>;

const longestLine = 64 * 1024;

/** Reads the decisions out of a log; other lines, and what is no JSON, are passed over. */
export async function* readDecisions(chunks: AsyncIterable<Buffer>): AsyncGenerator<DecisionLine> {
  const decoder = new StringDecoder("utf8");
  let partial = "";
  for await (const chunk of chunks) {
    const lines = (partial + decoder.write(chunk)).split("\n");
    partial = lines.pop() ?? "";
    if (partial.length > longestLine) partial = "";
    for (const line of lines) {
      const decision = readDecision(line);
      if (decision) yield decision;
    }
  }
  const last = readDecision(partial);
  if (last) yield last;
}

/** Log collectors put a prefix before the JSON, such as `journalctl` does. */
function readDecision(line: string): DecisionLine | undefined {
  const start = line.indexOf('{"');
  if (start === -1 || !line.includes('"event"')) return undefined;
  try {
    const entry = JSON.parse(line.slice(start)) as Partial<DecisionLine>;
    const isDecision = entry.event === "download" || entry.event === "authorization";
    return isDecision && typeof entry.status === "number" ? (entry as DecisionLine) : undefined;
  } catch {
    return undefined;
  }
}
