import { closeSync, openSync } from "node:fs";
import type { CommandContext } from "../command-line/context.ts";

/**
 * Whether the terminal that the program was started in has been closed.
 *
 * The system reports that with SIGHUP, which administrators also send to reload the keys; a terminal that is still
 * there can be opened.
 */
export function terminalIsClosed({ stdin, stdout }: Pick<CommandContext, "stdin" | "stdout">): boolean {
  if (!stdin.isTTY && !stdout.isTTY) return false;
  try {
    closeSync(openSync("/dev/tty", "r"));
    return false;
  } catch {
    return true;
  }
}
