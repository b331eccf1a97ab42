import type { ByteRange, OriginObject } from "../origin.ts";
import { blockDigest, blockSize, type CacheEntry } from "./cache-entry.ts";
import { readCached } from "./cache-stream.ts";
import { readBlock } from "./read-block.ts";

/** A stored file that is open for reading. */
export interface CheckedRead {
  readonly fd: number;
  readonly entry: CacheEntry;
  /** The blocks that this process has found undamaged; `readChecked` adds to them. */
  readonly good: Set<number>;
  readonly range: ByteRange;
  readonly close: () => void;
  readonly damaged: () => void;
  /** The same version at the origin, for the rest of a damaged file. */
  readonly object: OriginObject;
}

/**
 * Reads a range of a stored file. Each block is checked before it is sent, once by each process; if one is damaged, the
 * rest is read from the origin.
 */
export function readChecked(read: CheckedRead): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { fd, entry, good, range, damaged, object } = read;

  async function fromDisk(position: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const index = Math.floor(position / blockSize);
    const start = index * blockSize;
    const block = new Uint8Array(Math.min(blockSize, entry.size - start));
    // A read error counts as a damaged file.
    const length = await readBlock(fd, block, block.length, start).catch(() => -1);
    if (length < block.length || (!good.has(index) && blockDigest(block) !== entry.blocks[index])) {
      damaged();
      return undefined;
    }
    good.add(index);
    return block.subarray(position - start, Math.min(block.length, range.last - start + 1));
  }

  return readCached({ range, fromDisk, object, release: read.close });
}
