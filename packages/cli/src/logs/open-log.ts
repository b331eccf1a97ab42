import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** A log that is read from its beginning, unpacked if it was packed by gzip. */
export interface OpenLog {
  readonly chunks: AsyncIterable<Buffer>;
  /** Of the file; `undefined` for standard input. */
  readonly size: number | undefined;
  /** Bytes of the file that have been read; for progress. */
  bytesRead(): number;
}

const blockSize = 1024 * 1024;

/** Opens a log by its name, or standard input for `-`. */
export async function openLog(name: string, stdin: Readable): Promise<OpenLog> {
  const size = name === "-" ? undefined : (await stat(name)).size;
  const source = name === "-" ? stdin : createReadStream(name, { highWaterMark: blockSize });
  let bytesRead = 0;

  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      bytesRead += chunk.length;
      yield chunk;
    }
  }
  return { chunks: unpacked(counted()), size, bytesRead: () => bytesRead };
}

/** Looks at the first two bytes, not at the name: rotated logs have all kinds of names. */
async function* unpacked(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const first = await chunks.next();
  if (first.done) return;
  let start = first.value;
  if (start.length === 1) {
    const second = await chunks.next();
    if (!second.done) start = Buffer.concat([start, second.value]);
  }
  async function* all(): AsyncGenerator<Buffer> {
    yield start;
    yield* chunks;
  }
  if (start[0] !== 0x1f || start[1] !== 0x8b) {
    yield* all();
    return;
  }
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  void feed(all(), gunzip);
  yield* gunzip as AsyncIterable<Buffer>;
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
