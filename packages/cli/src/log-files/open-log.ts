import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import type { CommandContext } from "../command-line/context.ts";
import { standardInput } from "../command-line/standard-input.ts";
import { compressionFormatOf, compressionMarkLength } from "../system/compression-format.ts";
import { utf16Of } from "../system/decode-text.ts";
import { peek } from "./peek.ts";

/** A log, decompressed if it is in gzip format, and as UTF-8 if it is in UTF-16. */
export interface OpenLog {
  readonly chunks: AsyncIterable<Buffer>;
  /** The size of the file, in bytes; `undefined` for standard input. */
  readonly size: number | undefined;
  /** Bytes of the file that have been read; for progress. */
  bytesRead(): number;
}

const blockSize = 1024 * 1024;

/** Opens a log by its name, or standard input for `-`. */
export async function openLog(name: string, context: Pick<CommandContext, "stdin" | "err">): Promise<OpenLog> {
  const size = name === "-" ? undefined : (await stat(name)).size;
  const source = name === "-" ? standardInput(context) : createReadStream(name, { highWaterMark: blockSize });
  let bytesRead = 0;

  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      bytesRead += chunk.length;
      yield chunk;
    }
  }
  return { chunks: withoutUtf16(decompressed(counted())), size, bytesRead: () => bytesRead };
}

async function* decompressed(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const [start, all] = await peek(chunks, compressionMarkLength);
  const format = compressionFormatOf(start);
  if (format === undefined) return yield* all;
  if (format.name !== "gzip") {
    throw new Error(`it is in ${format.name} format: decompress it first, with ${format.decompress}`);
  }
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  void feed(all, gunzip);
  yield* gunzip as AsyncIterable<Buffer>;
}

/** Turns UTF-16, which PowerShell's `>` writes, into UTF-8, so that tokens in it are found; other bytes are unchanged. */
async function* withoutUtf16(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const [start, all] = await peek(chunks, 4);
  const encoding = utf16Of(start);
  if (encoding === undefined) return yield* all;
  const decoder = new TextDecoder(encoding);
  for await (const chunk of all) yield Buffer.from(decoder.decode(chunk, { stream: true }));
}

async function feed(chunks: AsyncGenerator<Buffer>, gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (!gunzip.write(chunk)) await drained(gunzip);
    }
    gunzip.end();
  } catch (error) {
    gunzip.destroy(error as Error);
  }
}

/** Waits until there is room again, or until the stream has ended; leaves no listener behind. */
function drained(gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      gunzip.off("drain", done).off("close", done);
      resolve();
    };
    gunzip.on("drain", done).on("close", done);
  });
}
