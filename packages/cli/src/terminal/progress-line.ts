import type { OutputStream, Terminal } from "./terminal.ts";

/** One line on standard error that is written over and over; nothing at all where nobody looks. */
export interface ProgressLine {
  show(text: string): void;
  /** Takes the line away, before anything else is printed. */
  clear(): void;
}

const shortestInterval = 100;

/** Makes a progress line; most calls of `show` cost one look at the clock. */
export function createProgressLine({
  stderr,
  err,
}: {
  readonly stderr: OutputStream;
  readonly err: Terminal;
}): ProgressLine {
  let last = 0;
  let shown = false;
  return {
    show(text) {
      if (!err.isTerminal || Date.now() - last < shortestInterval) return;
      last = Date.now();
      shown = true;
      stderr.write(`\r\u001b[K${text.slice(0, err.width - 1)}`);
    },
    clear() {
      if (shown) stderr.write("\r\u001b[K");
      shown = false;
    },
  };
}

/** A bar for a share of 0 to 1, such as `████░░░░`. */
export function progressBar(share: number, width: number): string {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}
