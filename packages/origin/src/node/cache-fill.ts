import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import type { ByteRange, Origin, OriginObject } from "../origin.ts";
import { OriginError } from "../origin-error.ts";
import { blockDigest, blockSize, temporaryFile } from "./cache-entry.ts";
import { pieceSize, readCached } from "./cache-stream.ts";
import { readBlock } from "./read-block.ts";

/** One download from the origin into the cache, which any number of clients can read while it is in progress. */
export interface CacheFill {
  /** Resolves with the SHA-256 of each block when the file is complete, and rejects if it could not be stored. */
  readonly completed: Promise<readonly string[]>;
  /**
   * Reads a range of the version that is being stored. Bytes that the download has failed to get, or is far from
   * reaching, come from `object`, the same version at the origin.
   */
  read(range: ByteRange, object: OriginObject): ReadableStream<Uint8Array<ArrayBuffer>>;
}

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

/** A client that wants bytes this far ahead of those that have arrived does not wait for them. */
const longestWait = 16 * 1024 * 1024;

/** Starts to download a whole object to `file`; `object` is read, and no client's connection can stop it. */
export function startFill(object: OriginObject, file: string): CacheFill {
  const { size } = object;
  const temporary = temporaryFile(file);
  let handle: FileHandle | undefined;
  /** Bytes that have arrived, and how many of them are on disk; the others are in `block`. */
  let filled = 0;
  let stored = 0;
  const block = new Uint8Array(Math.min(blockSize, size));
  let hasFailed = false;
  let isClosed = false;
  let users = 1;
  let waiting: (() => void)[] = [];

  function wake(): void {
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  }

  async function release(): Promise<void> {
    users -= 1;
    if (users > 0) return;
    isClosed = true;
    await handle?.close().catch(() => {});
  }

  async function download(): Promise<readonly string[]> {
    const reader = object.read({ first: 0, last: size - 1 }).getReader();
    try {
      handle = await open(temporary, "wx+", 0o600);
      // The file has its whole size from the start, so that eviction, in other processes too, counts what is still to
      // come.
      await handle.truncate(size);
      const blocks = await store(handle, reader);
      await handle.sync();
      await rename(temporary, file);
      return blocks;
    } catch (error) {
      hasFailed = true;
      reader.cancel().catch(() => {});
      await unlink(temporary).catch(() => {});
      throw error;
    } finally {
      wake();
      await release();
    }
  }

  /** Writes whole blocks: the kernel is slower to read a file that was written in small pieces. */
  async function store(to: FileHandle, reader: Reader): Promise<readonly string[]> {
    const digests: string[] = [];
    for (let { value } = await reader.read(); value; { value } = await reader.read()) {
      if (filled + value.length > size) throw new Error("the origin sent more bytes than it announced");
      for (let offset = 0; offset < value.length; ) {
        const at = filled - stored;
        const piece = value.subarray(offset, offset + block.length - at);
        block.set(piece, at);
        offset += piece.length;
        filled += piece.length;
        wake();
        if (filled - stored < block.length && filled < size) continue;
        const complete = block.subarray(0, filled - stored);
        digests.push(blockDigest(complete));
        await writeAll(to, complete, stored);
        stored = filled;
      }
    }
    if (filled < size) throw new Error("the origin sent fewer bytes than it announced");
    return digests;
  }

  function read(range: ByteRange, own: OriginObject): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (isClosed || range.first > filled + longestWait) return own.read(range);
    users += 1;
    return readCached({
      range,
      object: own,
      async fromDisk(position) {
        while (position >= filled && !hasFailed) await new Promise<void>((resolve) => waiting.push(resolve));
        if (position >= filled || !handle) return undefined;
        const most = Math.min(pieceSize, range.last - position + 1);
        if (position >= stored) {
          return block.slice(position - stored, Math.min(position - stored + most, filled - stored));
        }
        const chunk = new Uint8Array(Math.min(most, stored - position));
        const bytesRead = await readBlock(handle.fd, chunk, chunk.length, position).catch(() => -1);
        return bytesRead === chunk.length ? chunk : undefined;
      },
      release() {
        own.close();
        void release();
      },
    });
  }

  const completed = download();
  completed.catch(() => {}); // reported to callers; readers continue from the origin
  return { completed, read };
}

/** A write to a disk that is almost full writes less than it was given, without an error. */
async function writeAll(to: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await to.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

/**
 * Returns the same version, which is opened again when it is read; `prepare` is called first. It is for the cache's own
 * downloads, which must continue after a client disconnects, and for a version that was not opened for this request.
 */
export function detached(
  origin: Origin,
  like: Omit<OriginObject, "read" | "close">,
  prepare: () => Promise<void> = async () => {},
): OriginObject {
  let reader: Reader | undefined;
  let isCancelled = false;

  async function open(range: ByteRange): Promise<Reader> {
    await prepare();
    const object = await origin.open(like.name);
    if (!object.found) throw new OriginError(503, object.problem ?? "it was removed in the meantime", true);
    if (object.etag === like.etag && object.size === like.size) return object.read(range).getReader();
    object.close();
    throw new OriginError(503, "it was replaced in the meantime", true);
  }

  return {
    ...like,
    close() {},
    read: (range) =>
      new ReadableStream(
        {
          async pull(controller) {
            reader ??= await open(range);
            if (isCancelled) return void reader.cancel().catch(() => {});
            const { value, done } = await reader.read();
            if (done) controller.close();
            else controller.enqueue(value);
          },
          cancel(reason) {
            isCancelled = true;
            return reader?.cancel(reason);
          },
        },
        { highWaterMark: 0 },
      ),
  };
}
