import type { Origin } from "@portcullis/origin";

/** An origin whose objects are in memory, with which the others are compared. */
export function memoryOrigin(
  objects: Readonly<
    Record<string, { readonly bytes: Uint8Array<ArrayBuffer>; readonly etag: string; readonly modified: Date }>
  >,
): Origin {
  return {
    async open(name) {
      const object = objects[name];
      if (!object) return { found: false, status: 404 };
      const { bytes, etag, modified } = object;
      return {
        found: true,
        name,
        size: bytes.length,
        etag,
        modified,
        read: ({ first, last }) =>
          new Blob([bytes.subarray(first, last + 1)]).stream() as ReadableStream<Uint8Array<ArrayBuffer>>,
        close() {},
      };
    },
  };
}
