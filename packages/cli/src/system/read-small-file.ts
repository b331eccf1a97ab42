import { constants, type FileHandle, open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

/** No link, key, manifest or configuration is larger; a larger input is another file, or has no end, like `/dev/zero`. */
const maxBytes = 16 * 1024 * 1024;
const readDeadline = 10_000;
const retryPause = 20;

/** A small file's content, with the permissions of the file that was read. */
export interface SmallFile {
  readonly bytes: Buffer;
  /** Permission bits, as `fs.Stats` has them. */
  readonly mode: number;
}

/** Reads a file that can only be small. */
export async function readSmallFile(name: string): Promise<Buffer> {
  return (await openSmallFile(name)).bytes;
}

/**
 * Reads a file that can only be small, and says who can read and change it.
 *
 * Without O_NONBLOCK, opening a named pipe would wait for a writer in a thread of the pool: four such loads would stop
 * all file access, and the process could not end. A pipe that the shell made (`<(command)`) has a writer and is read
 * until its end, at most until the deadline.
 */
export async function openSmallFile(name: string): Promise<SmallFile> {
  const file = await open(name, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) throw Object.assign(new Error("is a folder"), { code: "EISDIR", syscall: "read" });
    if (!stats.isFile() && !/^\/(dev\/(fd\/\d+|stdin)|proc\/self\/fd\/\d+)$/.test(name)) {
      throw new Error("it is not a regular file, but a named pipe, socket or device");
    }
    return { bytes: await readAll(file), mode: stats.mode };
  } finally {
    await file.close();
  }
}

async function readAll(file: FileHandle): Promise<Buffer> {
  const deadline = performance.now() + readDeadline;
  const chunks: Buffer[] = [];
  let length = 0;
  while (true) {
    const chunk = await readChunk(file);
    if (chunk === "not yet") {
      if (performance.now() > deadline) throw new Error(`no more data arrived within ${readDeadline / 1000} s`);
      await sleep(retryPause);
      continue;
    }
    if (chunk.length === 0) return Buffer.concat(chunks);
    chunks.push(chunk);
    length += chunk.length;
    refuseLarge(length);
  }
}

async function readChunk(file: FileHandle): Promise<Buffer | "not yet"> {
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, null);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return "not yet";
    throw error;
  }
}

/** Reads a stream that can only be short. */
export async function readSmall(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    refuseLarge(length);
  }
  return Buffer.concat(chunks);
}

function refuseLarge(length: number): void {
  if (length > maxBytes)
    throw new Error("it is larger than 16 MiB; links, keys, manifests and configurations are smaller");
}
