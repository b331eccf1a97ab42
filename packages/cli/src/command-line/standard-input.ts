import type { Readable } from "node:stream";
import type { CommandContext } from "./context.ts";

/** Standard input; a person at a terminal is told that it is waited for. */
export function standardInput({ stdin, err }: Pick<CommandContext, "stdin" | "err">): Readable {
  if (stdin.isTTY) err.line(err.colours.dim("Waiting for standard input: type or paste it, then Enter and Ctrl-D."));
  return stdin;
}
