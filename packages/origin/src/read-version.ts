import { parseHttpDate } from "./http-date.ts";
import type { ByteRange, ObjectFacts } from "./origin.ts";
import { type StoreClient, StoreError } from "./store-client.ts";

/** Hashes and ranges are over the bytes as they are stored. */
export const identity: Readonly<Record<string, string>> = { "Accept-Encoding": "identity" };

/** What the response to a HEAD says about an object. */
export function readFacts({ headers }: Response, title: string): ObjectFacts {
  const length = headers.get("Content-Length");
  const encoding = headers.get("Content-Encoding");
  if (encoding !== null && encoding !== "identity") {
    throw new StoreError(502, `the object has Content-Encoding: ${encoding}; upload it again without`);
  }
  if (length === null || !/^\d{1,15}$/.test(length))
    throw new StoreError(502, `${title} did not say the object's size`);
  const seconds = parseHttpDate(headers.get("Last-Modified") ?? "");
  return {
    size: Number(length),
    etag: strongEtag(headers),
    modified: seconds === undefined ? undefined : new Date(seconds * 1000),
  };
}

/** Weak tags (RFC 9110 section 8.8.1) do not promise equal bytes, so they cannot join two halves of a file. */
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

function changed(name: string): StoreError {
  return new StoreError(503, `${name} was replaced while it was being opened`);
}

/** One version of an object at a store. */
export interface StoredVersion {
  readonly name: string;
  readonly facts: ObjectFacts;
  readonly client: StoreClient;
  readonly title: string;
  /** How long a body may pause, in milliseconds. */
  readonly stallTimeout: number;
  /** Aborted if the client goes away; `reading` is what ends the request by itself. */
  readonly signal: AbortSignal;
  readonly reading: AbortController;
}

/** Reads exactly this range of exactly this version; the stream fails if it cannot. */
export function readVersion(version: StoredVersion, range: ByteRange): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { title, stallTimeout, reading } = version;
  let missing = range.last - range.first + 1;
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  return new ReadableStream({
    start(controller) {
      if (missing === 0) controller.close();
    },
    async pull(controller) {
      reader ??= (await openRange(version, range)).getReader();
      const { value, done } = await withinTime(reader.read(), stallTimeout, () => reading.abort());
      missing -= value?.length ?? 0;
      if (missing < 0 || (done && missing > 0)) {
        reading.abort();
        throw new StoreError(502, `${title} sent ${missing < 0 ? "more" : "fewer"} bytes than it announced`);
      }
      if (value) controller.enqueue(value);
      if (missing > 0) return;
      controller.close();
      reading.abort();
    },
    cancel: () => reading.abort(),
  });
}

/** The bytes of exactly this range of exactly this version, or an error before the first of them. */
async function openRange(
  { name, facts, client, title, signal }: StoredVersion,
  { first, last }: ByteRange,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const headers = { ...identity, Range: `bytes=${first}-${last}`, ...onlyThisVersion(facts) };
  const response = await client.send(name, { method: "GET", headers, signal });
  const { status, body } = response;
  if (status === 412 || status === 404) throw changed(name);
  if (status !== 200 && status !== 206) {
    throw new StoreError(502, `${title} refused: ${await client.explain(response)}`);
  }
  const isWhole = first === 0 && last === facts.size - 1;
  const isRange = response.headers.get("Content-Range") === `bytes ${first}-${last}/${facts.size}`;
  if (status === 206 ? !isRange : !isWhole) {
    await body?.cancel();
    throw status === 206 ? changed(name) : new StoreError(502, `${title} does not support Range requests`);
  }
  // Not every store knows If-Match.
  if (!isSameVersion(response, facts)) {
    await body?.cancel();
    throw changed(name);
  }
  return body as ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Rejects, after telling `stop`, if a promise takes longer than this many milliseconds. */
async function withinTime<T>(promise: Promise<T>, milliseconds: number, stop: () => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new StoreError(502, `the store sent nothing for ${milliseconds / 1000} s`));
      stop();
    }, milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
