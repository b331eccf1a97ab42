import type { Readable } from "node:stream";
import type { OutputStream, Terminal } from "../terminal/terminal.ts";
import type { Environment } from "./environment.ts";

/** Where signals come from: `process`, or an EventEmitter in tests. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
}

/** Everything outside of the program that it touches, so that tests can hand in their own. */
export interface MainOptions {
  /** Without the names of node and the script. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly signals: SignalSource;
  /** Seconds since 1970; default: the clock. */
  readonly now?: () => number;
}

/** What a command is given besides its options. */
export interface CommandContext extends Omit<MainOptions, "argv"> {
  readonly now: () => number;
  /** Standard output: what was asked for. Colours and tables only if it is a terminal. */
  readonly out: Terminal;
  /** Standard error: warnings, progress, what went wrong. */
  readonly err: Terminal;
}
