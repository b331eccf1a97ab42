import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import type { ByteRange, Origin, OriginObject } from "../origin.ts";
import { blockDigest, blockSize, temporaryFile } from "./cache-entry.ts";
import { readCached } from "./cache-stream.ts";
import { readBlock } from "./read-block.ts";

/** One download from the origin into the cache, which any number of clients can read while it is in progress. */
export interface CacheFill {
  /** Resolves with the SHA-256 of each block when the file is complete, and rejects if it could not be stored. */
  readonly completed: Promise<readonly string[]>;
  /**
   * Reads a range of the version that is being stored, from `object`, which is the same version at the origin, where the
   * download has failed or is far behind.
   */
  read(range: ByteRange, object: OriginObject): ReadableStream<Uint8Array<ArrayBuffer>>;
}

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

const chunkSize = 256 * 1024;
/** A client that wants bytes this far behind those that have arrived does not wait for them. */
const longestWait = 16 * 1024 * 1024;

/** Starts to download a whole object to `file`; `object` is read, and no client's connection can stop it. */
export function startFill(object: OriginObject, file: string): CacheFill {
  const { size } = object;
  const temporary = temporaryFile(file);
  let handle: FileHandle | undefined;
  let filled = 0;
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
      // The whole size at once: eviction, in other processes too, counts what is on its way.
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

  async function store(to: FileHandle, reader: Reader): Promise<readonly string[]> {
    const digests: string[] = [];
    const block = Buffer.allocUnsafe(Math.min(blockSize, size));
    for (let { value } = await reader.read(); value; { value } = await reader.read()) {
      if (filled + value.length > size) throw new Error("the origin sent more bytes than it announced");
      await writeAll(to, value, filled);
      for (let offset = 0; offset < value.length; ) {
        const at = (filled + offset) % blockSize;
        const length = Math.min(blockSize - at, value.length - offset);
        block.set(value.subarray(offset, offset + length), at);
        offset += length;
        if (at + length === blockSize || filled + offset === size)
          digests.push(blockDigest(block.subarray(0, at + length)));
      }
      filled += value.length;
      wake();
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
        const chunk = new Uint8Array(Math.min(chunkSize, filled - position, range.last - position + 1));
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

/** The same version, opened again for the cache alone: a client that goes away must not stop the download for the others. */
export function detached(
  origin: Origin,
  like: OriginObject,
  etag: string,
  makeRoom: () => Promise<boolean>,
): OriginObject {
  let reader: Reader | undefined;
  return {
    ...like,
    close() {},
    read: (range) =>
      new ReadableStream(
        {
          async pull(controller) {
            if (!reader) {
              if (!(await makeRoom())) throw new Error("the files that are being stored leave no room for it");
              const object = await origin.open(like.name);
              if (!object.found) throw new Error(object.problem ?? "it was removed in the meantime");
              if (object.etag !== etag || object.size !== like.size) {
                object.close();
                throw new Error("it was replaced in the meantime");
              }
              reader = object.read(range).getReader();
            }
            const { value, done } = await reader.read();
            if (done) controller.close();
            else controller.enqueue(value);
          },
          cancel: (reason) => reader?.cancel(reason),
        },
        { highWaterMark: 0 },
      ),
  };
}
