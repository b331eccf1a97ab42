import pino, { type Logger } from "pino";
import { safeText } from "../terminal/safe-text.ts";
import type { OutputStream, Terminal } from "../terminal/terminal.ts";
import { humanLine, type LogLine } from "./human-line.ts";
import type { LogEntry } from "./log-entry.ts";
import { createLogSink } from "./log-sink.ts";

/** The log of a server. */
export interface Log {
  decision(entry: LogEntry): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  end(): Promise<void>;
}

/** How lines look: for a person, or one JSON object each. */
export type LogFormat = "human" | "json";

/** Makes a log: for people on a terminal, JSON elsewhere, unless told otherwise. */
export function createLog(stream: OutputStream, out: Terminal, format?: LogFormat): Log {
  const sink = createLogSink(stream);
  const isHuman = (format ?? (out.isTerminal ? "human" : "json")) === "human";
  const write = isHuman ? (line: string) => sink.write(`${humanLine(JSON.parse(line) as LogLine, out)}\n`) : sink.write;
  const logger: Logger = pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    { write },
  );
  return {
    decision: (entry) => logger[entry.problem === undefined ? "info" : "error"](withSafeTexts(entry)),
    info: (message) => logger.info(safeText(message)),
    warn: (message) => logger.warn(safeText(message)),
    error: (message) => logger.error(safeText(message)),
    end: sink.end,
  };
}

const maxLength = 512;

/** What a client chose (path, range, method) loses tokens and control characters, and then what exceeds a sane length. */
function withSafeTexts(entry: LogEntry): object {
  const safe: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(entry)) {
    safe[name] = typeof value === "string" ? safeText(value).slice(0, maxLength) : value;
  }
  return safe;
}
