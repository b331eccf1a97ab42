import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import type { CommandContext } from "../command-line/context.ts";
import { standardInput } from "../command-line/standard-input.ts";
import { utf16Of } from "../system/decode-text.ts";
import { compressionFormatOf, compressionMarkLength } from "./compression-format.ts";
import { peek } from "./peek.ts";

/** A log that is read from its beginning, unpacked if it was packed by gzip, and as UTF-8 if it was UTF-16. */
export interface OpenLog {
  readonly chunks: AsyncIterable<Buffer>;
  /** Of the file; `undefined` for standard input. */
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
  return { chunks: withoutUtf16(unpacked(counted())), size, bytesRead: () => bytesRead };
}

async function* unpacked(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const [start, all] = await peek(chunks, compressionMarkLength);
  const packing = compressionFormatOf(start);
  if (packing === undefined) return yield* all;
  if (packing.name !== "gzip") {
    throw new Error(`it is packed (${packing.name}): unpack it first, with ${packing.unpack}`);
  }
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  void feed(all, gunzip);
  yield* gunzip as AsyncIterable<Buffer>;
}

/** What PowerShell's `>` wrote becomes UTF-8, so that tokens in it are found; all else stays as it is. */
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

/** Waits for room, or for the end of whoever makes it; leaves no listener behind. */
function drained(gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      gunzip.off("drain", done).off("close", done);
      resolve();
    };
    gunzip.on("drain", done).on("close", done);
  });
}
