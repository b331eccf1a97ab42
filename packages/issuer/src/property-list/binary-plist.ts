import { dictionaryOf } from "./property-list.ts";

/** The limit for all values together, in bytes. Each value counts as its length plus 80, about its overhead in memory. */
const largestExpansion = 16 * 1024 * 1024;
const sizeOfValue = 80;
const deepestNesting = 64;
const trailerSize = 32;
/** Seconds from 1970 to 2001, the epoch of Apple's dates. */
const appleEpoch = 978_307_200;

/**
 * Reads a binary property list (Apple, CFBinaryPList.c); throws if it is damaged or hostile.
 *
 * The format lets an object be used many times, so a hundred bytes can describe 2^60 objects, or an object that
 * contains itself. Therefore each use of an object is counted against one budget, and the nesting is bounded.
 */
export function readBinaryPlist(bytes: Uint8Array): unknown {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const trailer = view.length - trailerSize;
  if (trailer < 8 || view.toString("latin1", 0, 7) !== "bplist0")
    throw new Error("it is not a complete binary property list");
  const offsetSize = view.readUInt8(trailer + 6);
  const referenceSize = view.readUInt8(trailer + 7);
  const objectCount = readUnsigned(trailer + 8, 8);
  const offsetTable = readUnsigned(trailer + 24, 8);
  let budget = largestExpansion;

  function readUnsigned(offset: number, width: number): number {
    if (width < 1 || offset + width > view.length) throw new Error("it refers to bytes past its end");
    if (width <= 6) return view.readUIntBE(offset, width);
    if (width === 8) return Number(view.readBigUInt64BE(offset));
    throw new Error("a number has an invalid width");
  }

  /** Counts the bytes of an object's content, and returns them. */
  function take(offset: number, length: number): Buffer {
    budget -= sizeOfValue + length;
    if (budget < 0) throw new Error("it expands to more than 16 MiB");
    if (offset + length > trailer) throw new Error("it refers to bytes past its end");
    return view.subarray(offset, offset + length);
  }

  function readObject(reference: number, depth: number): unknown {
    if (reference >= objectCount) throw new Error("it refers to an object that does not exist");
    if (depth > deepestNesting) throw new Error("it is nested more than 64 levels deep, or contains itself");
    const offset = readUnsigned(offsetTable + reference * offsetSize, offsetSize);
    const marker = readUnsigned(offset, 1);
    const type = marker >> 4;
    const low = marker & 0x0f;
    if (marker === 0x08 || marker === 0x09) {
      take(offset, 1);
      return marker === 0x09;
    }
    if (type === 0x1) return readInteger(take(offset + 1, 2 ** low));
    if (type === 0x2) return readReal(take(offset + 1, 2 ** low));
    if (marker === 0x33) return readDate(take(offset + 1, 8));

    const { count, content } = readCount(offset, low);
    if (type === 0x4) return Buffer.from(take(content, count));
    if (type === 0x5 || type === 0x7) return decode(take(content, count), "utf-8");
    if (type === 0x6) return decode(take(content, count * 2), "utf-16be");
    if (type === 0xa) return readReferences(content, count).map((member) => readObject(member, depth + 1));
    if (type !== 0xd) throw new Error("it contains an object of an unknown type");
    const references = readReferences(content, count * 2);
    const entries = references.slice(0, count).map((reference, index): [string, unknown] => {
      const key = readObject(reference, depth + 1);
      if (typeof key !== "string") throw new Error("a dictionary has a key that is not a string");
      return [key, readObject(references[count + index] ?? objectCount, depth + 1)];
    });
    return dictionaryOf(entries);
  }

  /** A length below 15 is in the marker; a longer one follows as an integer. */
  function readCount(offset: number, low: number): { count: number; content: number } {
    if (low < 0x0f) return { count: low, content: offset + 1 };
    const marker = readUnsigned(offset + 1, 1);
    const width = 2 ** (marker & 0x0f);
    if (marker >> 4 !== 1) throw new Error("a length is not an integer");
    return { count: readUnsigned(offset + 2, width), content: offset + 2 + width };
  }

  function readReferences(offset: number, count: number): number[] {
    take(offset, count * referenceSize);
    return Array.from({ length: count }, (_, index) => readUnsigned(offset + index * referenceSize, referenceSize));
  }

  return readObject(readUnsigned(trailer + 16, 8), 0);
}

/** One, two and four bytes are unsigned, eight and sixteen signed. */
function readInteger(bytes: Buffer): number | bigint {
  if (bytes.length <= 4) return bytes.readUIntBE(0, bytes.length);
  const value = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString("hex")}`));
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function readReal(bytes: Buffer): number {
  if (bytes.length === 4) return bytes.readFloatBE();
  if (bytes.length === 8) return bytes.readDoubleBE();
  throw new Error("a real has an invalid width");
}

function readDate(bytes: Buffer): Date {
  const date = new Date((bytes.readDoubleBE() + appleEpoch) * 1000);
  if (Number.isNaN(date.getTime())) throw new Error("a date is out of range");
  return date;
}

function decode(bytes: Buffer, encoding: string): string {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error(`a string is not valid ${encoding.toUpperCase()}`);
  }
}
