import type { ByteRange, OriginObject } from "../origin.ts";
import { OriginError } from "../origin-error.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes that are read from the disk at a time. Each client holds up to three pieces in memory, however slow it is. */
export const pieceSize: number = 64 * 1024;

/** Where the bytes of a range come from. */
export interface CachedRange {
  readonly range: ByteRange;
  /** The bytes on disk starting at a position; `undefined` if they, and all after them, must come from the origin. */
  fromDisk(position: number): Promise<Bytes | undefined>;
  /** The same version at the origin, for the rest. */
  readonly object: OriginObject;
  /** Called once, when the file on disk is no longer read. */
  release(): void;
}

/** Reads a range from the disk as far as possible, and what is left of it from the origin. */
export function readCached({ range, fromDisk, object, release }: CachedRange): ReadableStream<Bytes> {
  let position = range.first;
  let rest: ReadableStreamDefaultReader<Bytes> | undefined;
  let isReading = false;
  let isCancelled = false;
  let isReleased = false;

  function end(): void {
    if (!isReleased) release();
    isReleased = true;
  }

  async function nextPiece(): Promise<Bytes> {
    const piece = rest ? undefined : await fromDisk(position);
    if (piece) return piece;
    rest ??= object.read({ first: position, last: range.last }).getReader();
    const { value } = await rest.read();
    if (!value) throw new OriginError(502, "the origin sent fewer bytes than it announced");
    if (position + value.length > range.last + 1) {
      throw new OriginError(502, "the origin sent more bytes than it announced");
    }
    return value;
  }

  return new ReadableStream(
    {
      async pull(controller) {
        isReading = true;
        try {
          const piece = await nextPiece();
          if (isCancelled) {
            rest?.cancel().catch(() => {});
            return end();
          }
          controller.enqueue(piece);
          position += piece.length;
          if (position <= range.last) return;
          controller.close();
          end();
        } catch (error) {
          end();
          throw error;
        } finally {
          isReading = false;
        }
      },
      async cancel(reason) {
        isCancelled = true;
        await rest?.cancel(reason);
        // Not while a read is in progress: once the descriptor is closed, its number can belong to another file.
        if (!isReading) end();
      },
    },
    { highWaterMark: 0 },
  );
}
