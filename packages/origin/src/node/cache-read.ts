import type { ByteRange, OriginObject } from "../origin.ts";
import { blockDigest, blockSize, type CacheEntry } from "./cache-entry.ts";
import { pieceSize, readCached } from "./cache-stream.ts";
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

  async function readAt(position: number, size: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = new Uint8Array(size);
    // A read error counts as a damaged file.
    const length = await readBlock(fd, bytes, size, position).catch(() => -1);
    return length === size ? bytes : undefined;
  }

  async function isUndamaged(index: number): Promise<boolean> {
    if (good.has(index)) return true;
    const start = index * blockSize;
    const block = await readAt(start, Math.min(blockSize, entry.size - start));
    if (block === undefined || blockDigest(block) !== entry.blocks[index]) return false;
    good.add(index);
    return true;
  }

  async function fromDisk(position: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const index = Math.floor(position / blockSize);
    const end = Math.min((index + 1) * blockSize, range.last + 1);
    const piece = (await isUndamaged(index)) ? await readAt(position, Math.min(pieceSize, end - position)) : undefined;
    if (piece === undefined) damaged();
    return piece;
  }

  return readCached({ range, fromDisk, object, release: read.close });
}
