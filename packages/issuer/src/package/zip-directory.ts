import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { issuerError } from "../issuer-error.ts";
import { readAt } from "./read-at.ts";

/** One file of a zip archive, as the archive's central directory describes it (APPNOTE 4.3.12). */
export interface ZipEntry {
  readonly name: string;
  /**
   * Whether the name is certain: the archive says how it is encoded, or it is valid UTF-8. Otherwise it has one
   * character for each byte: APPNOTE prescribes code page 437, but archives use whatever their author's system used.
   */
  readonly nameIsCertain: boolean;
  /** The bytes of the name, which the local header repeats. */
  readonly nameBytes: Buffer;
  readonly encrypted: boolean;
  /** 0 is stored, 8 is deflated. */
  readonly method: number;
  readonly checksum: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Modulo 4 GiB, unless the entry has ZIP64 fields. */
  readonly headerOffset: number;
}

/** Where the central directory is. */
interface ZipDirectory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
  /** Modulo 65536 without ZIP64. */
  readonly countModulus: number;
}

/** Large apps have tens of thousands of files. */
const mostEntries = 1_000_000;
const largestDirectory = 256 * 1024 * 1024;
const endSize = 22;
const longestComment = 0xffff;
/** Longer than any entry: three fields of at most 64 KiB each. */
const blockSize = 1024 * 1024;

/** Calls `visit` with each entry of the archive; none of them is unpacked. */
export async function visitZipEntries(
  handle: FileHandle,
  fileSize: number,
  visit: (entry: ZipEntry) => void,
): Promise<void> {
  const { offset, size, count, countModulus } = await findDirectory(handle, fileSize);
  if (count > mostEntries || size > largestDirectory) throw tooManyEntries();
  let found = 0;
  let rest = Buffer.alloc(0);
  for (let position = 0; position < size; position += blockSize) {
    const block = await readAt(handle, offset + position, Math.min(blockSize, size - position));
    rest = Buffer.concat([rest, block]);
    for (let length = entryLength(rest); length !== undefined && length <= rest.length; length = entryLength(rest)) {
      visit(parseEntry(rest.subarray(0, length)));
      rest = rest.subarray(length);
      found += 1;
      if (found > mostEntries) throw tooManyEntries();
    }
  }
  if (rest.length > 0 || found % countModulus !== count % countModulus) throw damagedZip();
}

/**
 * Finds the central directory by the record at the end of the file.
 *
 * Xcode writes archives over 4 GiB, and archives with more than 65535 files, without ZIP64: offset and count are then
 * modulo 2^32 and 2^16. So the directory is assumed to end where the end record starts, if the offset agrees.
 *
 * Like unzip, this accepts a copy with extra bytes at its end, such as a line feed.
 */
async function findDirectory(handle: FileHandle, fileSize: number): Promise<ZipDirectory> {
  const length = Math.min(fileSize, endSize + longestComment);
  const tail = await readAt(handle, fileSize - length, length);
  let end: number | undefined;
  for (let position = length - endSize; position >= 0; position -= 1) {
    if (tail.readUInt32LE(position) !== 0x06054b50) continue;
    const excess = length - position - endSize - tail.readUInt16LE(position + 20);
    if (excess >= 0) end ??= position;
    if (excess === 0) {
      end = position;
      break;
    }
  }
  if (end === undefined) throw damagedZip();
  const endOffset = fileSize - length + end;
  const zip64 = await findZip64Directory(handle, endOffset);
  if (zip64) return zip64;
  const size = tail.readUInt32LE(end + 12);
  const declared = tail.readUInt32LE(end + 16);
  const offset = endOffset - size;
  if (offset < 0) throw damagedZip();
  const agrees = (offset - declared) % 2 ** 32 === 0;
  return { offset: agrees ? offset : declared, size, count: tail.readUInt16LE(end + 10), countModulus: 2 ** 16 };
}

async function findZip64Directory(handle: FileHandle, endOffset: number): Promise<ZipDirectory | undefined> {
  if (endOffset < 20) return undefined;
  const locator = await readAt(handle, endOffset - 20, 20);
  if (locator.readUInt32LE(0) !== 0x07064b50) return undefined;
  const record = await readAt(handle, Number(locator.readBigUInt64LE(8)), 56);
  if (record.readUInt32LE(0) !== 0x06064b50) throw damagedZip();
  return {
    offset: Number(record.readBigUInt64LE(48)),
    size: Number(record.readBigUInt64LE(40)),
    count: Number(record.readBigUInt64LE(32)),
    countModulus: 2 ** 53,
  };
}

/** The length of the entry at the start, or `undefined` if its fixed fields are incomplete. */
function entryLength(bytes: Buffer): number | undefined {
  if (bytes.length < 46) return undefined;
  if (bytes.readUInt32LE(0) !== 0x02014b50) throw damagedZip();
  return 46 + bytes.readUInt16LE(28) + bytes.readUInt16LE(30) + bytes.readUInt16LE(32);
}

function parseEntry(bytes: Buffer): ZipEntry {
  const nameEnd = 46 + bytes.readUInt16LE(28);
  const nameBytes = bytes.subarray(46, nameEnd);
  const extra = bytes.subarray(nameEnd, nameEnd + bytes.readUInt16LE(30));
  const flags = bytes.readUInt16LE(8);
  let zip64 = findExtraField(extra, 0x0001) ?? Buffer.alloc(0);

  /** The ZIP64 field contains only the numbers whose normal field is all ones, in this order. */
  function readNumber(position: number): number {
    const number = bytes.readUInt32LE(position);
    if (number !== 0xffffffff || zip64.length < 8) return number;
    const large = Number(zip64.readBigUInt64LE(0));
    zip64 = zip64.subarray(8);
    return large;
  }

  const size = readNumber(24);
  const compressedSize = readNumber(20);
  const headerOffset = readNumber(42);
  return {
    ...decodeName(nameBytes, (flags & 0x800) !== 0, findExtraField(extra, 0x7075)),
    nameBytes: Buffer.from(nameBytes),
    encrypted: (flags & 1) !== 0,
    method: bytes.readUInt16LE(10),
    checksum: bytes.readUInt32LE(16),
    compressedSize,
    size,
    headerOffset,
  };
}

/** The content of the last extra field with this id. */
function findExtraField(bytes: Buffer, id: number): Buffer | undefined {
  let found: Buffer | undefined;
  for (let position = 0; position + 4 <= bytes.length; ) {
    const end = position + 4 + bytes.readUInt16LE(position + 2);
    // Android's tools pad this field with bytes that are not fields.
    if (end > bytes.length) break;
    if (bytes.readUInt16LE(position) === id) found = bytes.subarray(position + 4, end);
    position = end;
  }
  return found;
}

/** Decodes a file name: macOS and many tools write UTF-8 without the flag that says so. */
function decodeName(
  bytes: Buffer,
  isUtf8: boolean,
  unicodePath: Buffer | undefined,
): Pick<ZipEntry, "name" | "nameIsCertain"> {
  // Info-ZIP's Unicode path (APPNOTE 4.6.9): version 1, the checksum of the name that it replaces, the name in UTF-8.
  const replaces = unicodePath && unicodePath.length > 5 && unicodePath[0] === 1;
  const better = replaces && unicodePath.readUInt32LE(1) === crc32(bytes) ? unicodePath.subarray(5) : bytes;
  try {
    const name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(better);
    return { name, nameIsCertain: true };
  } catch {
    if (isUtf8) throw issuerError("package_damaged", "The .ipa has a file name that is not the UTF-8 it claims to be.");
    return { name: bytes.toString("latin1"), nameIsCertain: false };
  }
}

function tooManyEntries(): Error {
  return issuerError("package_hostile", "The .ipa lists more than a million files: do not use it.");
}

/** Creates the error for an archive that contradicts itself. */
export function damagedZip(): Error {
  return issuerError("package_damaged", "The .ipa is truncated or damaged: build or copy it again.");
}
