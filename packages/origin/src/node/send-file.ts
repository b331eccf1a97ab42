import type { ServerResponse } from "node:http";
import type { ByteRange } from "../origin.ts";
import { createBufferPool, largestBlock, smallestBlock } from "./buffer-pool.ts";
import type { OpenFile } from "./open-file.ts";
import { fileChanged, readBlock, readBlockNow } from "./read-block.ts";

const pool = createBufferPool(32 * 1024 * 1024);

const firstBlock = 256 * 1024;
/**
 * Blocks grow to this part of what is sent, rounded up to a power of two, or to the first block if that is larger: reading
 * continues while the rest is written, and a few files of 10 MiB at the same time do not use up the pool, whose buffers
 * would then be allocated again each time.
 */
const largestPart = 1 / 8;
/** TLS keeps an encrypted copy of what the client has not read yet. */
const largestTlsBlock = 256 * 1024;

/**
 * Sends a range of a file. While one block is written to the connection, the next one is read into another buffer.
 *
 * `begin` is called when the first block has been read, so that a disk failure can still result in a 500 response;
 * `wrote` is called with the number of bytes of each block. The last block is held back until the file has been checked
 * again: as long as it is missing, the client knows that the file is incomplete. Rejects if the file cannot be read or
 * has changed.
 */
export async function sendFile(
  response: ServerResponse,
  file: OpenFile,
  { first, last }: ByteRange,
  begin: () => void,
  wrote: (bytes: number) => void,
): Promise<void> {
  const writer = createWriter(response);
  const mostWanted = Math.max(firstBlock, (last - first + 1) * largestPart);
  let wanted = firstBlock;
  let position = first;
  // The file was read a moment ago. If the kernel has dropped it since, everything else waits for one disk access.
  const isInMemory = file.isWarm && file.stat.size <= smallestBlock;
  while (position <= last) {
    if (pool.isShort()) await writer.idle();
    if (response.destroyed) return;
    const left = last - position + 1;
    const buffer = pool.take(Math.min(wanted, mostWanted, left));
    try {
      const length = Math.min(buffer.length, left);
      const read = isInMemory ? readBlockNow : readBlock;
      const bytesRead = await read(file.fd, buffer, length, position);
      position += bytesRead;
      if (bytesRead < length || (position > last && !file.isUnchanged())) throw fileChanged();
      wanted = nextSize(wanted, await writer.idle(), response);
      if (response.destroyed) return pool.give(buffer);
      if (!response.headersSent) begin();
      wrote(length);
      writer.write(buffer, length, position > last);
    } catch (error) {
      pool.give(buffer);
      throw error;
    }
  }
}

/**
 * Clients that read immediately get larger blocks; slow ones get small blocks, so that they hold little memory.
 */
function nextSize(size: number, milliseconds: number, { socket }: ServerResponse): number {
  if (milliseconds > 1000) return smallestBlock;
  const isTls = (socket as { encrypted?: boolean } | null)?.encrypted === true;
  return milliseconds < 100 ? Math.min(size * 2, isTls ? largestTlsBlock : largestBlock) : size;
}

interface Writer {
  /** Waits until nothing is being written; resolves with how long the last write took, in milliseconds. */
  idle(): number | Promise<number>;
  /** Writes a buffer from the pool, and returns it to the pool when the connection no longer needs it. */
  write(buffer: Buffer, length: number, isLast: boolean): void;
}

function createWriter(response: ServerResponse): Writer {
  let duration = 0;
  let finish: (() => void) | undefined;
  let wake: ((duration: number) => void) | undefined;
  // If the connection is closed, the callback of a write might never be called.
  response.once("close", () => finish?.());
  return {
    idle: () =>
      finish === undefined
        ? duration
        : new Promise((resolve) => {
            wake = resolve;
          }),
    write(buffer, length, isLast) {
      const started = performance.now();
      const finished = (): void => {
        if (finish !== finished) return;
        finish = undefined;
        pool.give(buffer);
        duration = performance.now() - started;
        wake?.(duration);
        wake = undefined;
      };
      finish = finished;
      const bytes = length === buffer.length ? buffer : buffer.subarray(0, length);
      if (isLast) response.end(bytes, finished);
      else response.write(bytes, finished);
    },
  };
}
