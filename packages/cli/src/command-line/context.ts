import type { Readable } from "node:stream";
import type { OutputStream, Terminal } from "../terminal/terminal.ts";

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment variable that is set in workers (`--workers`); only the first process prints what must be printed
 * once.
 */
export const workerVariable = "_PORTCULLIS_WORKER";

/** Where signals come from: `process`, or an EventEmitter in tests. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
}

/** Everything outside the program that it uses, so that tests can pass their own. */
export interface MainOptions {
  /** Without the names of node and the script. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly signals: SignalSource;
  /** Seconds since 1970; default: the system clock. */
  readonly now?: () => number;
}

/** What a command gets besides its options. */
export interface CommandContext extends Omit<MainOptions, "argv"> {
  readonly now: () => number;
  /** Standard output: the result. Colours and tables only if it is a terminal. */
  readonly out: Terminal;
  /** Standard error: warnings, progress and errors. */
  readonly err: Terminal;
}
