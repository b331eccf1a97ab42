import type { ByteRange, Origin } from "./origin.ts";

/** Bytes that are to be stored in an origin. */
export interface ObjectToWrite {
  /** Bytes. */
  readonly size: number;
  /** Reads exactly these bytes: at most 16 MiB at a time, or 1/10 000 of the object if that is more. */
  read(range: ByteRange): Promise<Uint8Array<ArrayBuffer>>;
}

/** An origin that objects can be stored in. */
export interface WritableOrigin extends Origin {
  /**
   * Stores an object under this name, and replaces one that is there. Until it is complete, nothing of it can be read.
   *
   * Rejects with an `OriginError` if a store refuses it or cannot be reached, or with an error of the file system.
   */
  write(name: string, object: ObjectToWrite): Promise<void>;
}
