import type { OutputStream, Terminal } from "./terminal.ts";

/** One line on standard error that is updated in place; nothing if standard error is not a terminal that can do so. */
export interface ProgressLine {
  show(text: string): void;
  /** Removes the line, before anything else is printed. */
  clear(): void;
}

const shortestInterval = 100;

/** Creates a progress line; most calls of `show` only read the clock. */
export function createProgressLine({
  stderr,
  err,
}: {
  readonly stderr: OutputStream;
  readonly err: Terminal;
}): ProgressLine {
  let last = 0;
  let shownLength = 0;

  /** A line that was shown in a wider window is wrapped now, and takes several rows. */
  function erase(): string {
    const rowsAbove = Math.ceil(shownLength / err.width) - 1;
    return `\r${rowsAbove > 0 ? `\u001b[${rowsAbove}A` : ""}\u001b[J`;
  }

  return {
    show(text) {
      if (!err.canErase || Date.now() - last < shortestInterval) return;
      last = Date.now();
      const line = text.slice(0, err.width - 1);
      stderr.write(erase() + line);
      shownLength = line.length;
    },
    clear() {
      if (shownLength > 0) stderr.write(erase());
      shownLength = 0;
    },
  };
}

/** A bar for a share of 0 to 1, such as `████░░░░`. */
export function progressBar(share: number, width: number): string {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}
