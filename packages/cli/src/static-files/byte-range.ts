import type { IncomingHttpHeaders } from "node:http";

/** What the file is like that a range is asked of. */
export interface RangedFile {
  readonly size: number;
  readonly etag: string;
  readonly modified: Date;
}

/**
 * The `Range` header that the sending library shall see; `undefined` means: send the whole file.
 *
 * The library's own reading differs from RFC 9110 section 14 in ways that break or surprise a
 * client: it answers 416 to a suffix longer than the file and to `bytes=5-2`, joins several ranges
 * into one, and compares `If-Range` by looking for the one text within the other, so that a weak
 * validator matches. So it is only handed a range that leaves nothing to judge.
 */
export function soundRange(
  method: string | undefined,
  headers: IncomingHttpHeaders,
  file: RangedFile,
): string | undefined {
  // Section 14.2: a range is defined for GET only.
  if (method !== "GET" || headers.range === undefined) return undefined;
  if (!ifRangeHolds(headers["if-range"]?.toString(), file)) return undefined;
  const [, first, last] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(headers.range) ?? [];
  if (first === undefined || last === undefined || first + last === "") return undefined;
  if (first === "") return suffixRange(Number(last), file.size);
  if (last !== "" && Number(last) < Number(first)) return undefined;
  return `bytes=${first}-${last}`;
}

/** Section 14.1.2: a suffix longer than the file is the whole file; without a byte to send it is unsatisfiable. */
function suffixRange(length: number, size: number): string {
  return length >= size ? "bytes=0-" : `bytes=-${length}`;
}

/**
 * Section 13.1.5: compared strongly, as resumed halves of two versions would make a broken app. A
 * date is as good as the one we sent, or it does not match.
 */
export function ifRangeHolds(
  ifRange: string | undefined,
  { etag, modified }: Pick<RangedFile, "etag" | "modified">,
): boolean {
  return ifRange === undefined || ifRange === etag || ifRange === modified.toUTCString();
}
