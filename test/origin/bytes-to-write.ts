import { randomBytes } from "node:crypto";
import type { ObjectToWrite } from "@portcullis/origin";

/** Random bytes as an object that can be written. */
export function bytesToWrite(size: number): {
  readonly bytes: Buffer;
  readonly object: ObjectToWrite;
  /** The largest number of bytes that was read at a time. */
  largestRead(): number;
} {
  const bytes = randomBytes(size);
  let largest = 0;
  return {
    bytes,
    largestRead: () => largest,
    object: {
      size,
      async read({ first, last }) {
        largest = Math.max(largest, last - first + 1);
        return new Uint8Array(bytes.subarray(first, last + 1));
      },
    },
  };
}
