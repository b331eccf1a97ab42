import { pipeline } from "node:stream/promises";
import { failure } from "../command-line/command-error.ts";
import type { CommandContext } from "../command-line/context.ts";
import { type ExitCode, exitCode } from "../command-line/exit-code.ts";
import { createRedactStream } from "./redact-stream.ts";

/** Copies standard input to standard output, without tokens. */
export async function runRedact(
  { tokenParameter }: { readonly tokenParameter: string },
  { stdin, stdout }: CommandContext,
): Promise<ExitCode> {
  try {
    await pipeline(stdin, createRedactStream(tokenParameter), stdout, { end: false });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EPIPE") throw failure(`the log cannot be copied: ${message}`); // whoever reads us has enough
  }
  return exitCode.success;
}
