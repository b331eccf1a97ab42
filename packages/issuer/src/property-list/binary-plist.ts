import { parseBuffer } from "bplist-parser";

/**
 * Reads a binary property list; throws if it is broken or built to explode.
 *
 * The format lets an object be used many times over, so that a hundred bytes can stand for 2^60
 * objects, or for themselves without end. The library follows all of it; so what it would make is
 * added up before.
 */
export function readBinaryPlist(bytes: Buffer): unknown {
  if (expandedSize(bytes) > largestExpansion) throw new Error("the property list would explode");
  const [value] = parseBuffer(bytes);
  return value;
}

const largestExpansion = 16 * 1024 * 1024;
const deepestNesting = 64;

/** What the objects of a list come to when every use of each is counted: 16 and its length for each. */
function expandedSize(bytes: Buffer): number {
  const trailer = bytes.length - 32;
  const offsetSize = bytes.readUInt8(trailer + 6);
  const referenceSize = bytes.readUInt8(trailer + 7);
  const objectCount = readInteger(bytes, trailer + 8, 8);
  const topObject = readInteger(bytes, trailer + 16, 8);
  const offsetTable = readInteger(bytes, trailer + 24, 8);
  const known = new Map<number, number>();

  function sizeOf(object: number, depth: number): number {
    const before = known.get(object);
    if (before !== undefined) return before;
    if (object >= objectCount) throw new Error("it refers to an object that does not exist");
    if (depth > deepestNesting) throw new Error("it is nested too deeply, or in itself");
    const offset = readInteger(bytes, offsetTable + object * offsetSize, offsetSize);
    const { type, count, content } = readMarker(bytes, offset);
    const references = type === 0xd ? count * 2 : type === 0xa ? count : 0;
    const width = references > 0 ? references * referenceSize : type === 6 ? count * 2 : count;
    if (content + width > trailer) throw new Error("an object reaches beyond the end");
    let size = 16 + width;
    for (let index = 0; index < references && size <= largestExpansion; index += 1) {
      const reference = readInteger(bytes, content + index * referenceSize, referenceSize);
      size += sizeOf(reference, depth + 1);
    }
    known.set(object, size);
    return size;
  }

  return sizeOf(topObject, 0);
}

interface ObjectMarker {
  readonly type: number;
  /** Bytes, characters or members, by type. */
  readonly count: number;
  /** Where the content starts. */
  readonly content: number;
}

function readMarker(bytes: Buffer, offset: number): ObjectMarker {
  const marker = bytes.readUInt8(offset);
  const type = marker >> 4;
  const low = marker & 0x0f;
  if (type === 0) return { type, count: 0, content: offset + 1 }; // null, false, true
  if (type === 1 || type === 2) return { type, count: 2 ** low, content: offset + 1 }; // numbers
  if (type === 3) return { type, count: 8, content: offset + 1 }; // a date
  if (type === 8) return { type, count: low + 1, content: offset + 1 }; // a UID
  if (low !== 0x0f) return { type, count: low, content: offset + 1 };
  // The count does not fit: it follows as a number.
  const countMarker = bytes.readUInt8(offset + 1);
  const width = 2 ** (countMarker & 0x0f);
  if (countMarker >> 4 !== 1 || width > 8) throw new Error("a count is no number");
  return { type, count: readInteger(bytes, offset + 2, width), content: offset + 2 + width };
}

function readInteger(bytes: Buffer, offset: number, width: number): number {
  if (width === 8) return Number(bytes.readBigUInt64BE(offset));
  return bytes.readUIntBE(offset, width);
}
