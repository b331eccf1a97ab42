import { decodeText } from "../system/decode-text.ts";
import { describeSystemError } from "../system/describe-system-error.ts";
import { readSmall, readSmallFile } from "../system/read-small-file.ts";
import { failure } from "./command-error.ts";
import type { CommandContext } from "./context.ts";
import { standardInput } from "./standard-input.ts";

/** Reads a small file, or standard input if the name is `-`. */
export async function readInput(name: string, context: Pick<CommandContext, "stdin" | "err">): Promise<Buffer> {
  try {
    return await (name === "-" ? readSmall(standardInput(context)) : readSmallFile(name));
  } catch (error) {
    throw failure(`${nameOfInput(name)} cannot be read: ${describeSystemError(error)}`);
  }
}

/** Reads the text of a file that an option names. */
export async function readOptionFile(option: string, name: string): Promise<string> {
  try {
    return decodeText(await readSmallFile(name));
  } catch (error) {
    throw failure(`${option} ${name}: ${describeSystemError(error)}`);
  }
}

/** The name of an input in messages. */
export function nameOfInput(name: string): string {
  return name === "-" ? "standard input" : name;
}
