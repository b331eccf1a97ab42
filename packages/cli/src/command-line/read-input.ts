import { failure } from "./command-error.ts";
import type { CommandContext } from "./context.ts";
import { readSmall, readSmallFile } from "./read-small-file.ts";
import { standardInput } from "./standard-input.ts";
import { systemProblem } from "./system-problem.ts";

/** Reads a small file, or standard input if the name is `-`. */
export async function readInput(name: string, context: Pick<CommandContext, "stdin" | "err">): Promise<Buffer> {
  try {
    return await (name === "-" ? readSmall(standardInput(context)) : readSmallFile(name));
  } catch (error) {
    throw failure(`${nameOfInput(name)} cannot be read: ${systemProblem(error)}`);
  }
}

/** What people call an input. */
export function nameOfInput(name: string): string {
  return name === "-" ? "standard input" : name;
}
