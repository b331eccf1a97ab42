import { setTimeout as sleep } from "node:timers/promises";
import { isObjectName } from "../object-name.ts";
import type { ByteRange, Missing, OriginObject } from "../origin.ts";
import type { WritableOrigin } from "../writable-origin.ts";
import { fileEtag } from "./file-etag.ts";
import { type OpenFile, openFile } from "./open-file.ts";
import { fileChanged, readBlock } from "./read-block.ts";
import { writeFileBelow } from "./write-file-below.ts";

/** An open file in a folder. `sendObject` reads it through its descriptor. */
export interface FileObject extends OriginObject {
  readonly file: OpenFile;
}

/**
 * How long ago, in milliseconds, a file must have been modified before it is served.
 *
 * A write sets the modification time when it begins: if a file was modified a moment ago, a write can still be in
 * progress, and a later look at its times would not show it.
 */
const settlingTime = 1000;
/**
 * How long ago, in milliseconds, a file's change time must be. It is set even if the modification time is reset. Most
 * systems read the time from a clock that ticks every 10 ms or less: two changes within a tick look like one.
 */
const clockTick = 20;
const longestWait = 3000;

/**
 * The files in a folder, as an origin: only regular files, and never hidden files or symbolic links that lead out of
 * the folder.
 *
 * One response holds bytes of one version of a file. Replace files by renaming new ones over them: downloads in
 * progress then complete with the old version. If a file is written to in place, its downloads are aborted before their
 * last bytes. If a file is still being written, the response waits, for at most three seconds. What this cannot see:
 * writes through a memory map, single writes that take longer than a second, a file that is written to after it was
 * renamed or after one of its names was removed and whose modification time is reset, and a network file system that
 * reports times late.
 */
export function folder(path: string): WritableOrigin {
  return {
    write: (name, object) => writeFileBelow(path, name, object),
    async open(name) {
      if (!isObjectName(name)) return { found: false, status: 404 };
      let file = await openFile(path, name);
      const waitUntil = Date.now() + longestWait;
      for (let wait = unsettled(file); wait > 0; wait = unsettled(file)) {
        close(file);
        if (Date.now() + wait > waitUntil) {
          return { found: false, status: 503, problem: "the file is still being written; rename it into place" };
        }
        await sleep(wait);
        file = await openFile(path, name);
      }
      return "fd" in file ? describe(name, file) : file;
    },
  };
}

/** Milliseconds until a file can be trusted. Times in the future come from a wrong clock and are ignored. */
function unsettled(file: OpenFile | Missing): number {
  if (!("fd" in file)) return 0;
  const now = Date.now();
  return Math.max(
    timeUntil(settlingTime, now - Number(file.stat.mtimeMs)),
    timeUntil(clockTick, now - Number(file.stat.ctimeMs)),
  );
}

function timeUntil(required: number, age: number): number {
  return Math.abs(age) < required ? Math.ceil(required - age) : 0;
}

function close(file: OpenFile | Missing): void {
  if ("fd" in file) file.close();
}

async function describe(name: string, file: OpenFile): Promise<FileObject> {
  try {
    const found = fileEtag(file.fd, file.stat);
    const etag = typeof found === "string" ? found : await found;
    const { size, mtimeMs } = file.stat;
    return {
      found: true,
      name,
      size: Number(size),
      etag,
      modified: new Date(Number(mtimeMs)),
      file,
      read: (range) => streamOf(file, range),
      close: file.close,
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

const streamBlock = 256 * 1024;

/** For runtimes that speak fetch; `sendObject` is faster. */
function streamOf(file: OpenFile, { first, last }: ByteRange): ReadableStream<Uint8Array<ArrayBuffer>> {
  let position = first;
  let isReading = false;
  let isCancelled = false;
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const block = new Uint8Array(Math.min(streamBlock, last - position + 1));
          isReading = true;
          const length = block.length === 0 ? 0 : await readBlock(file.fd, block, block.length, position);
          isReading = false;
          if (isCancelled) return file.close();
          position += length;
          if (length < block.length || (position > last && !file.isUnchanged())) throw fileChanged();
          if (length > 0) controller.enqueue(block);
          if (position <= last) return;
          file.close();
          controller.close();
        } catch (error) {
          file.close();
          throw error;
        }
      },
      cancel() {
        // Not while a read is in progress: once the descriptor is closed, its number can belong to another file.
        isCancelled = true;
        if (!isReading) file.close();
      },
    },
    { highWaterMark: 0 },
  );
}
