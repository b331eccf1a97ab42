import { readFile } from "node:fs/promises";
import { failure, usageError } from "./command-error.ts";
import type { CommandContext } from "./context.ts";
import { decodeText } from "./decode-text.ts";

const largestInput = 1024 * 1024;

/** Reads a small text from a file, or from standard input if the name is `-`. */
export async function readInput(name: string, { stdin }: Pick<CommandContext, "stdin">): Promise<string> {
  if (name !== "-") {
    const bytes = await readFile(name).catch((error: Error) => {
      throw failure(`${name} cannot be read: ${error.message}`);
    });
    return decodeText(bytes);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    if (length > largestInput) throw usageError("standard input holds more than 1 MiB; give one link, token or key");
  }
  return decodeText(Buffer.concat(chunks));
}
