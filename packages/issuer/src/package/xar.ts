import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import { inflate } from "node:zlib";
import { isIssuerError, issuerError } from "../issuer-error.ts";
import { readAt } from "./read-at.ts";
import { readXarContents, type XarEntry } from "./xar-contents.ts";

/** A xar archive, the container format of a flat `.pkg`, opened for reading single files. */
export interface XarArchive {
  /** The paths of all files in it, such as `Distribution` or `component.pkg/PackageInfo`. */
  readonly paths: readonly string[];
  readonly signed: boolean;
  /** Reads one file; `undefined` if there is none with this path. */
  read(path: string): Promise<Buffer | undefined>;
}

const inflateAll = promisify<Buffer, object, Buffer>(inflate);
/** Limit for the table of contents and for each file that is read; real ones are far smaller. */
const mostBytes = 4 * 1024 * 1024;
const headerSize = 28;

/**
 * Opens a xar archive: a header of 28 bytes, a table of contents in XML compressed with zlib, and a heap.
 *
 * Nothing is ever unpacked to disk, so no path in the archive can do harm.
 */
export async function openXar(handle: FileHandle): Promise<XarArchive> {
  const header = await readAt(handle, 0, headerSize);
  const start = header.readUInt16BE(4);
  const compressed = Number(header.readBigUInt64BE(8));
  const declared = Number(header.readBigUInt64BE(16));
  if (start < headerSize) throw damaged();
  const bytes = await readBounded(handle, start, compressed);
  const { entries, signed } = readXarContents(await unpack(bytes, declared));
  const heap = start + compressed;

  return {
    paths: [...entries.keys()],
    signed,
    async read(path) {
      const entry = entries.get(path);
      if (!entry) return undefined;
      const stored = await readBounded(handle, heap + entry.offset, entry.length);
      const content = await decode(stored, entry);
      checkChecksum(content, entry);
      return content;
    },
  };
}

/** Bounded, since the lengths come from the archive. */
async function readBounded(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  if (length > mostBytes) throw tooLarge();
  return readAt(handle, position, length);
}

async function decode(stored: Buffer, { size, encoding }: XarEntry): Promise<Buffer> {
  // Named after gzip, but the format is zlib's (RFC 1950): xar has always used this name.
  if (encoding === "application/x-gzip") return unpack(stored, size);
  if (encoding !== "application/octet-stream") {
    throw issuerError("package_unsupported", "The .pkg is compressed in an unusual way: build it with productbuild.");
  }
  if (stored.length !== size) throw damaged();
  return stored;
}

/** Inflates to exactly the declared size, and never more. */
async function unpack(bytes: Buffer, size: number): Promise<Buffer> {
  if (size > mostBytes) throw tooLarge();
  try {
    const content = await inflateAll(bytes, { maxOutputLength: Math.max(size, 1) });
    if (content.length === size) return content;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge();
    if (isIssuerError(error)) throw error;
  }
  throw damaged();
}

function checkChecksum(content: Buffer, { checksum }: XarEntry): void {
  if (!checksum || !/^(md5|sha1|sha256|sha512)$/.test(checksum.algorithm)) return;
  const digest = createHash(checksum.algorithm).update(content).digest("hex");
  if (digest !== checksum.digest.toLowerCase()) throw damaged();
}

function damaged(): Error {
  return issuerError("package_damaged", "The .pkg is truncated or damaged: build or copy it again.");
}

function tooLarge(): Error {
  return issuerError(
    "package_hostile",
    "The .pkg unpacks to more than 4 MiB where a few kilobytes are normal: do not use it.",
  );
}
