import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { OptionsOf } from "../../command-line/command.ts";
import { CommandError, failure } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { standardInput } from "../../command-line/standard-input.ts";
import { peek } from "../../log-files/peek.ts";
import { compressionFormatOf, compressionMarkLength } from "../../system/compression-format.ts";
import { utf16Of } from "../../system/decode-text.ts";
import type { redact } from "./redact.ts";
import { createRedactStream } from "./redact-stream.ts";

/** Copies standard input to standard output without tokens. */
export async function runRedact(
  { tokenParameter }: OptionsOf<typeof redact>,
  context: CommandContext,
): Promise<ExitCode> {
  try {
    await pipeline(standardInput(context), refuseUnreadable, createRedactStream(tokenParameter), context.stdout, {
      end: false,
    });
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EPIPE") throw failure(`the log cannot be copied: ${message}`); // EPIPE: the reader has closed early
  }
  return exitCode.success;
}

/** No token can be found in compressed or UTF-16 input, so a copy of it would only seem clean. */
async function* refuseUnreadable(stdin: Readable): AsyncGenerator<Buffer> {
  const [start, all] = await peek(stdin.iterator() as AsyncGenerator<Buffer>, compressionMarkLength);
  const format = compressionFormatOf(start);
  const utf16 = utf16Of(start);
  if (format !== undefined || utf16 !== undefined) {
    throw failure(
      `standard input is in ${format?.name ?? utf16} format, in which no token can be found; nothing was copied`,
      `Convert it first: ${format?.decompress ?? `iconv -f ${utf16} -t utf-8`} FILE | portcullis redact`,
    );
  }
  yield* all;
}
