import type { ByteRange, Origin } from "./origin.ts";
import { OriginError } from "./origin-error.ts";

/** Bytes to store in an origin. */
export interface ObjectToWrite {
  /** Bytes. */
  readonly size: number;
  /**
   * Reads exactly these bytes: at most 16 MiB at a time, or 1/10 000 of the object if that is more. Not called for an
   * empty object.
   */
  read(range: ByteRange): Promise<Uint8Array<ArrayBuffer>>;
}

/** An origin that objects can be stored in. */
export interface WritableOrigin extends Origin {
  /**
   * Stores an object under this name, replacing an existing one. No part of it can be read until it is complete.
   *
   * Rejects with an `OriginError` if a store refuses it or cannot be reached, if `read` returns fewer or more bytes
   * than requested, or with an error of the file system.
   */
  write(name: string, object: ObjectToWrite): Promise<void>;
}

/** Reads bytes to store. Fewer or more than requested would be stored as if they were the whole object. */
export async function readToWrite(object: ObjectToWrite, range: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
  const length = range.last - range.first + 1;
  if (length === 0) return new Uint8Array();
  const bytes = await object.read(range);
  if (bytes.length === length) return bytes;
  throw new OriginError(502, `${length} bytes were to be stored, but ${bytes.length} were read`);
}
