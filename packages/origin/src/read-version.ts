import { parseHttpDate } from "./http-date.ts";
import type { ByteRange, ObjectFacts } from "./origin.ts";
import { OriginError } from "./origin-error.ts";
import { readExactly } from "./read-exactly.ts";
import { discardBody, type StoreClient } from "./store-client.ts";

/** Hashes and ranges refer to the bytes as they are stored. */
export const identity: Readonly<Record<string, string>> = { "Accept-Encoding": "identity" };

/** What the response to HEAD, or to GET of the whole object or of its first byte, says about it. */
export function readFacts({ status, headers }: Response, title: string): ObjectFacts {
  refuseEncoding(headers);
  const length = status === 206 ? wholeLength(headers) : headers.get("Content-Length");
  if (length == null || !/^\d{1,15}$/.test(length)) {
    throw new OriginError(502, `${title} did not report the object's size`);
  }
  const seconds = parseHttpDate(headers.get("Last-Modified") ?? "");
  return {
    size: Number(length),
    etag: strongEtag(headers),
    modified: seconds === undefined ? undefined : new Date(seconds * 1000),
  };
}

/** The length of the object of which the first byte was sent, in digits. */
export function wholeLength(headers: Headers): string | undefined {
  return /^bytes 0-0\/(\d+)$/.exec(headers.get("Content-Range") ?? "")?.[1];
}

/** `fetch` would decode such a body, although its size and ranges are those of the encoded bytes. */
function refuseEncoding(headers: Headers): void {
  const encoding = headers.get("Content-Encoding");
  if (encoding === null || encoding === "identity") return;
  const shown = /^[\w, -]{1,40}$/.test(encoding) ? encoding : "unknown";
  throw new OriginError(502, `the object has Content-Encoding: ${shown}; upload it again without one`);
}

/** Weak tags (RFC 9110 section 8.8.1) do not promise equal bytes, so two halves of a file cannot be joined by them. */
function strongEtag(headers: Headers): string | undefined {
  const etag = headers.get("ETag");
  return etag !== null && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(etag) ? etag : undefined;
}

function onlyThisVersion({ etag, modified }: ObjectFacts): Readonly<Record<string, string>> {
  if (etag !== undefined) return { "If-Match": etag };
  return modified === undefined ? {} : { "If-Unmodified-Since": modified.toUTCString() };
}

function isSameVersion({ headers }: Response, { etag, modified }: ObjectFacts): boolean {
  if (etag !== undefined) return strongEtag(headers) === etag;
  const seconds = parseHttpDate(headers.get("Last-Modified") ?? "");
  return seconds === (modified === undefined ? undefined : modified.getTime() / 1000);
}

/** One version of an object at a store. */
export interface StoredVersion {
  readonly name: string;
  readonly facts: ObjectFacts;
  readonly client: StoreClient;
  readonly title: string;
  /** How long a body can pause, in milliseconds. */
  readonly stallTimeout: number;
  /** Aborted if the client disconnects. Only `reading` ends the request. */
  readonly signal: AbortSignal;
  readonly reading: AbortController;
}

/** Reads exactly this range of exactly this version; the stream fails if it cannot. */
export function readVersion(version: StoredVersion, range: ByteRange): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { title, stallTimeout, reading } = version;
  return readExactly({
    length: range.last - range.first + 1,
    title,
    stallTimeout,
    open: () => openRange(version, range),
    stop: () => reading.abort(),
  });
}

/** The bytes of exactly this range of exactly this version, or an error before the first of them. */
async function openRange(
  { name, facts, client, title, signal }: StoredVersion,
  range: ByteRange,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const headers = { ...identity, Range: `bytes=${range.first}-${range.last}`, ...onlyThisVersion(facts) };
  const response = await client.send(name, { method: "GET", headers, signal });
  const { status } = response;
  const isPart = status === 206;
  if (!isPart && status !== 200 && status !== 404 && status !== 412 && status !== 416) {
    throw new OriginError(502, `${title} refused: ${await client.explain(response)}`);
  }
  try {
    // Not every store knows If-Match.
    if (status >= 400 || !isSameVersion(response, facts)) {
      throw new OriginError(503, `${name} was replaced while it was being opened`, true);
    }
    refuseEncoding(response.headers);
    if (isPart && !isThisRange(response, range, facts)) {
      throw new OriginError(502, `${title} sent a different range from the one that was requested`);
    }
    if (!isPart && (range.first !== 0 || range.last !== facts.size - 1)) {
      throw new OriginError(502, `${title} does not support Range requests`);
    }
    if (!response.body) throw new OriginError(502, `${title} sent no body`);
    return response.body as ReadableStream<Uint8Array<ArrayBuffer>>;
  } catch (error) {
    discardBody(response);
    throw error;
  }
}

/** RFC 9110 section 14.4: a server that does not know the whole length writes `*`. */
function isThisRange({ headers }: Response, { first, last }: ByteRange, { size }: ObjectFacts): boolean {
  const told = headers.get("Content-Range");
  return told === `bytes ${first}-${last}/${size}` || told === `bytes ${first}-${last}/*`;
}
