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

/** A log that also takes lines from other processes. */
export interface SharedLog extends Log {
  /** Adds complete lines that such a log has written. */
  relay(lines: string): void;
}

/** The format of lines: human-readable, or one JSON object each. */
export type LogFormat = "human" | "json";

/** Creates a log: by default human-readable on a terminal, JSON elsewhere. */
export function createLog(stream: OutputStream, out: Terminal, format?: LogFormat): SharedLog {
  const sink = createLogSink(stream);
  const isHuman = (format ?? (out.isTerminal ? "human" : "json")) === "human";
  const currentTime = createTimestamps();

  function write(level: LogLine["level"], members: Partial<LogLine>): void {
    const line: Mutable<LogLine> = { level, time: currentTime(), ...members };
    const isDecision = members.event !== undefined;
    if (isDecision) makeSafe(line);
    sink.write(`${isHuman ? humanLine(line, out) : JSON.stringify(line)}\n`, isDecision && level === "info");
  }

  return {
    decision: (entry) => write(entry.problem === undefined ? "info" : "error", entry),
    info: (message) => write("info", { msg: safeText(message) }),
    warn: (message) => write("warn", { msg: safeText(message) }),
    error: (message) => write("error", { msg: safeText(message) }),
    relay: (lines) => sink.write(lines, true),
    end: sink.end,
  };
}

/**
 * ISO 8601 in UTC. Everything but the milliseconds is the same for a whole second, and takes longer to format than the
 * rest of a line.
 */
function createTimestamps(): () => string {
  let second = Number.NaN;
  let start = "";
  return () => {
    const now = Date.now();
    const milliseconds = now % 1000;
    if (now - milliseconds !== second) {
      second = now - milliseconds;
      start = new Date(second).toISOString().slice(0, -4);
    }
    return `${start}${String(milliseconds).padStart(3, "0")}Z`;
  };
}

const maxLength = 512;

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/**
 * Removes tokens and control characters from values that a client chose, and from problems, and then truncates them.
 */
function makeSafe(line: Mutable<LogLine>): void {
  for (const name of ["method", "path", "range", "address", "problem"] as const) {
    const text = line[name];
    if (text) line[name] = shorten(text);
  }
}

function shorten(text: string): string {
  return safeText(text).slice(0, maxLength);
}
