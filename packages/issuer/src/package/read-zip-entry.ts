import type { FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import { crc32, inflateRaw } from "node:zlib";
import { issuerError } from "../issuer-error.ts";
import { readAt } from "./read-at.ts";
import { damagedZip, type ZipEntry } from "./zip-directory.ts";

const inflateAll = promisify<Buffer, object, Buffer>(inflateRaw);
const localHeaderSize = 30;

/** Compression methods that zip programs other than Xcode offer (APPNOTE 4.4.5). */
const otherMethods: ReadonlyMap<number, string> = new Map([
  [1, "Shrink"],
  [6, "Implode"],
  [9, "Deflate64"],
  [12, "BZIP2"],
  [14, "LZMA"],
  [20, "Zstandard"],
  [93, "Zstandard"],
  [95, "XZ"],
  [98, "PPMd"],
]);

/** Reads one small file of a zip archive; the caller has checked its size. */
export async function readZipEntry(handle: FileHandle, fileSize: number, entry: ZipEntry): Promise<Buffer> {
  if (entry.encrypted) {
    throw issuerError("package_unsupported", "The .ipa is encrypted: zip the app again, without a password.");
  }
  if (entry.method !== 0 && entry.method !== 8) {
    const method = otherMethods.get(entry.method) ?? `method ${entry.method}`;
    throw issuerError(
      "package_unsupported",
      `The .ipa is compressed with ${method}: zip the app again with the Deflate method.`,
    );
  }
  // Without ZIP64 an offset is modulo 4 GiB, so each possible position of the header is tried.
  for (let offset = entry.headerOffset; offset + localHeaderSize <= fileSize; offset += 2 ** 32) {
    const header = await readAt(handle, offset, localHeaderSize);
    if (header.readUInt32LE(0) !== 0x04034b50 || header.readUInt16LE(26) !== entry.nameBytes.length) continue;
    const nameOffset = offset + localHeaderSize;
    const dataOffset = nameOffset + entry.nameBytes.length + header.readUInt16LE(28);
    if (dataOffset + entry.compressedSize > fileSize) continue;
    // Readers that use the local name and readers that use the central one must see the same file.
    const name = await readAt(handle, nameOffset, entry.nameBytes.length);
    if (name.equals(entry.nameBytes)) return unpack(await readAt(handle, dataOffset, entry.compressedSize), entry);
  }
  throw damagedZip();
}

/** Inflates to exactly the declared size, and never more. */
async function unpack(stored: Buffer, { method, size, checksum }: ZipEntry): Promise<Buffer> {
  let content = stored;
  try {
    if (method === 8) content = await inflateAll(stored, { maxOutputLength: Math.max(size, 1) });
  } catch {
    throw damagedZip();
  }
  if (content.length === size && crc32(content) === checksum) return content;
  throw damagedZip();
}
