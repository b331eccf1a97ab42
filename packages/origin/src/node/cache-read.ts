import type { ByteRange, OriginObject } from "../origin.ts";
import { blockDigest, blockSize, type CacheEntry } from "./cache-entry.ts";
import { readBlock } from "./read-block.ts";

/** A stored file that is open for reading. */
export interface CheckedRead {
  readonly fd: number;
  readonly entry: CacheEntry;
  /** The blocks that this process has found undamaged; `readChecked` adds to it. */
  readonly good: Set<number>;
  readonly range: ByteRange;
  readonly close: () => void;
  readonly damaged: () => void;
  /** The same version at the origin, for the rest of a damaged file. */
  readonly object: OriginObject;
}

/**
 * Reads a range of a stored file. Each block is checked before it is sent, once by each process; where one is damaged, the
 * rest is read from the origin.
 */
export function readChecked({
  fd,
  entry,
  good,
  range,
  close,
  damaged,
  object,
}: CheckedRead): ReadableStream<Uint8Array<ArrayBuffer>> {
  let position = range.first;
  let rest: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  let isReading = false;
  let isCancelled = false;

  async function nextBlock(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const index = Math.floor(position / blockSize);
    const start = index * blockSize;
    const block = new Uint8Array(Math.min(blockSize, entry.size - start));
    isReading = true;
    const length = await readBlock(fd, block, block.length, start).finally(() => {
      isReading = false;
    });
    if (length < block.length || (!good.has(index) && blockDigest(block) !== entry.blocks[index])) return undefined;
    good.add(index);
    return block.subarray(position - start, Math.min(block.length, range.last - start + 1));
  }

  async function nextPiece(): Promise<Uint8Array<ArrayBuffer>> {
    const block = rest ? undefined : await nextBlock();
    if (block) return block;
    if (!rest) damaged();
    rest ??= object.read({ first: position, last: range.last }).getReader();
    const { value } = await rest.read();
    if (!value) throw new Error("the origin sent fewer bytes than it announced");
    return value;
  }

  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const piece = await nextPiece();
          if (isCancelled) return close();
          controller.enqueue(piece);
          position += piece.length;
          if (position <= range.last) return;
          controller.close();
          close();
        } catch (error) {
          close();
          throw error;
        }
      },
      async cancel(reason) {
        // The descriptor's number may be another file's as soon as it is closed: never while a read is in progress.
        isCancelled = true;
        await rest?.cancel(reason);
        if (!isReading) close();
      },
    },
    { highWaterMark: 0 },
  );
}
