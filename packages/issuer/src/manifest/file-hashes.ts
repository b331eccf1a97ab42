import { createHash, type Hash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { type FileHandle, stat } from "node:fs/promises";
import { configurationError } from "@portcullis/core";
import { issuerError } from "../issuer-error.ts";
import { openRegularFile } from "../open-regular-file.ts";

/** Options for hashing a file for an app manifest. */
export interface HashFileOptions {
  /**
   * One hash of the whole file instead of one for each chunk. Default `false`: with chunks, a device
   * notices damage early.
   */
  readonly wholeFile?: boolean | undefined;
  /** The length of a chunk in bytes. Default 10 485 760 (10 MiB), as is customary. */
  readonly chunkSize?: number | undefined;
  /** Adds MD5, for devices that do not support SHA-256; all others ignore it. Default `false`. */
  readonly md5?: boolean | undefined;
  /** Called after every block of at most 1 MiB. */
  readonly onProgress?: ((progress: HashProgress) => void) | undefined;
  /** Cancels hashing; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How many bytes of a file have been hashed. */
export interface HashProgress {
  readonly hashed: number;
  readonly size: number;
}

/** The hashes of a file, for an asset of an app manifest: of the whole file, or of its chunks. */
export type FileHashes = WholeFileHashes | ChunkHashes;

/** Hexadecimal hashes of a whole file. */
export interface WholeFileHashes {
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly md5?: string;
}

/** Hexadecimal hashes of each chunk of a file; only the last chunk can be shorter. */
export interface ChunkHashes {
  /** In bytes. */
  readonly size: number;
  /** In bytes. */
  readonly chunkSize: number;
  readonly sha256s: readonly string[];
  readonly md5s?: readonly string[];
}

const blockSize = 1024 * 1024;
const defaultChunkSize = 10 * 1024 * 1024;

/**
 * Hashes a file for an app manifest. The file is streamed, so memory use does not depend on its size.
 *
 * A wrong hash makes the installer hang, so a file that changes while it is read is refused.
 *
 * Rejects with `file_empty`, `file_changed` or `file_not_regular`, with the signal's reason, or
 * with Node's error if the file cannot be read.
 *
 * @throws {ConfigurationError} if an option is wrong
 *
 * @example
 * const hashes = await hashFile("example.ipa", { onProgress: ({ hashed, size }) => console.log(hashed / size) });
 */
export async function hashFile(file: string | URL, options: HashFileOptions = {}): Promise<FileHashes> {
  const { wholeFile = false, chunkSize = defaultChunkSize, md5 = false } = options;
  if (!Number.isSafeInteger(chunkSize) || chunkSize < 1) {
    throw configurationError("chunkSize", "must be a whole number of bytes, 1 or more");
  }
  const handle = await openRegularFile(file, "This is not a regular file: pass the package file itself.");
  try {
    const before = await handle.stat({ bigint: true });
    const size = Number(before.size);
    if (size === 0) throw issuerError("file_empty", "The file is empty: build or copy it again.");
    const length = wholeFile ? size : chunkSize;
    const chunks = await hashChunks(handle, size, length, md5 ? ["sha256", "md5"] : ["sha256"], options);
    await checkUnchanged(file, before);
    return wholeFile ? wholeFileHashes(size, chunks) : chunkHashes(size, chunkSize, chunks, md5);
  } finally {
    await handle.close();
  }
}

/** Hashes each chunk with each algorithm. */
async function hashChunks(
  handle: FileHandle,
  size: number,
  chunkSize: number,
  algorithms: readonly string[],
  { onProgress, signal }: HashFileOptions,
): Promise<string[][]> {
  const block = Buffer.allocUnsafe(Math.min(blockSize, chunkSize, size));
  const digests: string[][] = [];
  let hashes: Hash[] = [];
  let hashed = 0;
  while (hashed < size) {
    const inChunk = hashed % chunkSize;
    if (inChunk === 0) hashes = algorithms.map((algorithm) => createHash(algorithm));
    const wanted = Math.min(block.length, chunkSize - inChunk, size - hashed);
    const { bytesRead } = await handle.read(block, 0, wanted, hashed);
    signal?.throwIfAborted();
    if (bytesRead === 0) throw changed();
    for (const hash of hashes) hash.update(block.subarray(0, bytesRead));
    hashed += bytesRead;
    if (hashed % chunkSize === 0 || hashed === size) {
      digests.push(hashes.map((hash) => hash.digest("hex")));
    }
    onProgress?.({ hashed, size });
  }
  return digests;
}

function wholeFileHashes(size: number, [digests = []]: string[][]): WholeFileHashes {
  const [sha256 = "", md5] = digests;
  return md5 === undefined ? { size, sha256 } : { size, sha256, md5 };
}

function chunkHashes(size: number, chunkSize: number, chunks: string[][], md5: boolean): ChunkHashes {
  const sha256s = chunks.map(([sha256 = ""]) => sha256);
  if (!md5) return { size, chunkSize, sha256s };
  return { size, chunkSize, sha256s, md5s: chunks.map(([, digest = ""]) => digest) };
}

/**
 * Compares every field that a write changes. A program can set the modification time back, but not the change time. The
 * file is looked up by name, so that a replaced file is detected too.
 */
async function checkUnchanged(file: string | URL, before: BigIntStats): Promise<void> {
  const after = await stat(file, { bigint: true }).catch(() => undefined);
  const same = (["dev", "ino", "size", "mtimeNs", "ctimeNs"] as const).every((name) => before[name] === after?.[name]);
  if (!same) throw changed();
}

function changed(): Error {
  return issuerError(
    "file_changed",
    "The file changed while it was read, so its hashes would be wrong: wait until it is complete, and try again.",
  );
}
