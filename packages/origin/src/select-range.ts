import { parseHttpDate } from "./http-date.ts";
import type { ByteRange, ObjectFacts } from "./origin.ts";

/** The part of a request that decides which bytes are sent. A header that is absent is `undefined`. */
export interface ConditionalRequest {
  readonly method: string;
  readonly ifMatch?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly range?: string | undefined;
  readonly ifRange?: string | undefined;
}

/** The status of the response and, if it has bytes of the object, which ones. */
export type Selection =
  | { readonly status: 200 | 206; readonly range: ByteRange }
  | { readonly status: 304 | 412 | 416; readonly range?: undefined };

/**
 * Decides the status and the bytes of the response to a GET or HEAD request, in the order of RFC 9110 section 13.2.2.
 *
 * One byte range is honoured. Several ranges, a malformed range and an unknown unit get the whole object, as section
 * 14.2 allows: overlapping ranges have been used to exhaust servers (CVE-2011-3192).
 */
export function selectRange(request: ConditionalRequest, object: ObjectFacts): Selection {
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince } = request;
  if (ifMatch !== undefined) {
    if (!matchesStrongly(ifMatch, object.etag)) return { status: 412 };
  } else if (ifUnmodifiedSince !== undefined && isModifiedSince(object, ifUnmodifiedSince) === true) {
    return { status: 412 };
  }
  if (ifNoneMatch !== undefined) {
    if (matchesWeakly(ifNoneMatch, object.etag)) return { status: 304 };
  } else if (ifModifiedSince !== undefined && isModifiedSince(object, ifModifiedSince) === false) {
    return { status: 304 };
  }
  return selectBytes(request, object);
}

function selectBytes({ method, range, ifRange }: ConditionalRequest, object: ObjectFacts): Selection {
  const whole: Selection = { status: 200, range: { first: 0, last: object.size - 1 } };
  // Section 14.2: a range is defined for GET only.
  if (method !== "GET" || range === undefined || !ifRangeHolds(ifRange, object)) return whole;
  const [, first, last] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(range) ?? [];
  if (first === undefined || last === undefined || first + last === "") return whole;
  const end = object.size - 1;
  if (first === "") {
    // Section 14.1.2: a suffix longer than the object is the whole object; without a byte to send it is unsatisfiable.
    if (Number(last) === 0 || object.size === 0) return { status: 416 };
    return { status: 206, range: { first: Math.max(0, object.size - Number(last)), last: end } };
  }
  if (last !== "" && Number(last) < Number(first)) return whole;
  if (Number(first) > end) return { status: 416 };
  return { status: 206, range: { first: Number(first), last: last === "" ? end : Math.min(Number(last), end) } };
}

/**
 * Whether `If-Range` (section 13.1.5) allows the range. The comparison is strong, because halves of two versions make a
 * broken app.
 *
 * A date counts only for an object without an entity tag, and must be exactly the one that was sent. A client that has
 * the tag must not send a date, and two versions can share a date: tools for reproducible builds set all dates to the
 * same value.
 */
export function ifRangeHolds(ifRange: string | undefined, { etag, modified }: ObjectFacts): boolean {
  return ifRange === undefined || ifRange === (etag ?? modified?.toUTCString());
}

/** `undefined` if the date is invalid or the object has none: the condition is then ignored (sections 13.1.3, 13.1.4). */
function isModifiedSince({ modified }: ObjectFacts, date: string): boolean | undefined {
  const since = parseHttpDate(date);
  if (since === undefined || modified === undefined) return undefined;
  return Math.floor(modified.getTime() / 1000) > since;
}

function matchesStrongly(list: string, etag: string | undefined): boolean {
  return list === "*" || (etag !== undefined && entityTags(list).includes(etag));
}

function matchesWeakly(list: string, etag: string | undefined): boolean {
  return list === "*" || (etag !== undefined && entityTags(list).some((tag) => tag.replace(/^W\//, "") === etag));
}

/** The tags of a list (section 8.8.3). Tags can contain commas; anything between tags is ignored. */
function entityTags(list: string): readonly string[] {
  return list.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? [];
}
