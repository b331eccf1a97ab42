import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import type { ByteRange, Origin, OriginObject } from "../origin.ts";
import { blockDigest, blockSize } from "./cache-entry.ts";

/** One download from the origin into the cache, which any number of clients read while it goes on. */
export interface CacheFill {
  /** Resolves with the SHA-256 of each block when the file is complete, and rejects if it could not be stored. */
  readonly completed: Promise<readonly string[]>;
  /**
   * Reads a range of the version that is being stored, from `object`, which is the same version at the origin, where the
   * download has failed or is far behind.
   */
  read(range: ByteRange, object: OriginObject): ReadableStream<Uint8Array<ArrayBuffer>>;
}

const chunkSize = 256 * 1024;
/** A client that wants bytes this far behind those that have arrived does not wait for them. */
const longestWait = 16 * 1024 * 1024;

/** Starts to download a whole object to `file`; `object` is read, and no client's connection can stop it. */
export function startFill(object: OriginObject, file: string): CacheFill {
  const { size } = object;
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}.partial`;
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
    await handle?.close();
  }

  async function download(): Promise<readonly string[]> {
    try {
      handle = await open(temporary, "wx+", 0o600);
      // The whole size at once: eviction, in other processes too, counts what is on its way.
      await handle.truncate(size);
      const blocks = await store(handle);
      await handle.sync();
      await rename(temporary, file);
      return blocks;
    } catch (error) {
      hasFailed = true;
      await unlink(temporary).catch(() => {});
      throw error;
    } finally {
      wake();
      await release();
    }
  }

  async function store(to: FileHandle): Promise<readonly string[]> {
    const digests: string[] = [];
    const block = Buffer.allocUnsafe(Math.min(blockSize, size));
    const reader = object.read({ first: 0, last: size - 1 }).getReader();
    for (let { value } = await reader.read(); value; { value } = await reader.read()) {
      await to.write(value, 0, value.length, filled);
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
    return digests;
  }

  function read({ first, last }: ByteRange, own: OriginObject): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (isClosed || first > filled + longestWait) return own.read({ first, last });
    let position = first;
    let rest: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
    let isReleased = false;
    users += 1;
    const finish = async (): Promise<void> => {
      if (isReleased) return;
      isReleased = true;
      own.close();
      await release();
    };
    async function next(): Promise<Uint8Array<ArrayBuffer>> {
      while (position >= filled && !hasFailed) await new Promise<void>((resolve) => waiting.push(resolve));
      if (position < filled && handle && !rest) {
        const chunk = new Uint8Array(Math.min(chunkSize, filled - position, last - position + 1));
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
        if (bytesRead < chunk.length) throw new Error("the cached file was shortened while it was sent");
        return chunk;
      }
      rest ??= own.read({ first: position, last }).getReader();
      const { value } = await rest.read();
      if (!value) throw new Error("the origin sent fewer bytes than it announced");
      return value;
    }

    return new ReadableStream(
      {
        async pull(controller) {
          try {
            const chunk = await next();
            controller.enqueue(chunk);
            position += chunk.length;
            if (position <= last) return;
            controller.close();
            await finish();
          } catch (error) {
            await finish();
            throw error;
          }
        },
        async cancel(reason) {
          await rest?.cancel(reason);
          await finish();
        },
      },
      { highWaterMark: 0 },
    );
  }

  const completed = download();
  completed.catch(() => {}); // reported to those who ask; readers go on at the origin
  return { completed, read };
}

/** The same version, opened again for the cache alone: a client that goes away must not stop the download for the others. */
export function detached(origin: Origin, like: OriginObject, etag: string, before: () => Promise<void>): OriginObject {
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  return {
    ...like,
    close() {},
    read: (range) =>
      new ReadableStream(
        {
          async pull(controller) {
            if (!reader) {
              await before();
              const object = await origin.open(like.name);
              if (!object.found || object.etag !== etag) throw new Error("it was replaced in the meantime");
              reader = object.read(range).getReader();
            }
            const { value, done } = await reader.read();
            if (done) controller.close();
            else controller.enqueue(value);
          },
        },
        { highWaterMark: 0 },
      ),
  };
}
