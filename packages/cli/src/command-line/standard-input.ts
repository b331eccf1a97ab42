import type { Readable } from "node:stream";
import type { CommandContext } from "./context.ts";

/** Standard input; tells a person at a terminal that the command is waiting for it. */
export function standardInput({ stdin, err }: Pick<CommandContext, "stdin" | "err">): Readable {
  if (stdin.isTTY)
    err.sentence(err.colours.dim("Waiting for standard input: type or paste it, then press Enter and Ctrl-D."));
  return stdin;
}
