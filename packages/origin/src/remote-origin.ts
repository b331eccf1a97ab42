import { appleContentType } from "./content-type.ts";
import { parseHttpDate } from "./http-date.ts";
import type { ByteRange, Missing, ObjectFacts, Origin, OriginObject } from "./origin.ts";

/** A request to a store; the store adds its address and its credentials. */
export interface StoreRequest {
  readonly method: "GET" | "HEAD";
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What differs between stores that speak HTTP. */
export interface RemoteStore {
  /** What it is called in problems, such as `the bucket`: never its URL, which may contain credentials. */
  readonly title: string;
  /** Sends one request for an object. Redirects are not followed: the response that redirects is returned. */
  send(name: string, request: StoreRequest): Promise<Response>;
  /** Where an object is, without credentials, to find out whether the store gives it to everybody. */
  address(name: string): URL;
  /** Says why the store refused, without a URL or credentials. `response` is that of a GET, so that it has a body. */
  explain(response: Response): Promise<StoreProblem>;
}

/** Why a store refused a request. */
export interface StoreProblem {
  /** The store's own name for it, such as `NoSuchBucket`, or the status. */
  readonly code: string;
  /** What the administrator can do about it, if that is known. */
  readonly remedy?: string | undefined;
}

/** An origin that other computers hold. */
export interface RemoteOrigin extends Origin {
  /** Asks for an object that does not exist: that must be all that is wrong. Never rejects. */
  check(): Promise<RemoteCheck>;
  /** Whether anybody who knows its address gets an object without credentials, so that the gate can be bypassed. */
  isPublic(name: string): Promise<boolean>;
}

/** Whether an origin can be used; `unreachable` can pass by itself. */
export type RemoteCheck =
  | { readonly outcome: "usable" }
  | { readonly outcome: "restricted" | "refused" | "unreachable"; readonly problem: string };

/** One response of a store, for metrics; `status` is 0 if there was none. */
export interface StoreExchange {
  readonly status: number;
  readonly seconds: number;
}

/** How a remote origin waits and retries; tests shorten the times. */
export interface RemoteOptions {
  /** How long to wait for the first byte of a response, in milliseconds. Default 10 000. */
  readonly responseTimeout?: number | undefined;
  /** How long a body may pause, in milliseconds. Default 60 000. */
  readonly stallTimeout?: number | undefined;
  /** The first delay before a retry, in milliseconds; it doubles, and half of it is random. Default 200. */
  readonly retryDelay?: number | undefined;
  /** Told of each request to the store, for metrics. */
  readonly onExchange?: ((exchange: StoreExchange) => void) | undefined;
}

/** A store failed after it had been asked correctly; `status` is what the client gets if no byte was sent yet. */
export class StoreError extends Error {
  readonly status: 404 | 502 | 503;

  constructor(status: 404 | 502 | 503, problem: string) {
    super(problem);
    this.name = "StoreError";
    this.status = status;
  }
}

const attempts = 3;
const isTransient = (status: number): boolean => status === 429 || (status >= 500 && status <= 504 && status !== 501);

/**
 * Makes an origin of a store that speaks HTTP: HEAD tells what an object is, GET with `If-Match` reads one version of it.
 *
 * What is transient (no connection, 429, 500, 502 to 504) is tried three times before the first byte, and never after it:
 * a client that has part of a version resumes by itself.
 */
export function createRemoteOrigin(store: RemoteStore, options: RemoteOptions = {}): RemoteOrigin {
  const { responseTimeout = 10_000, stallTimeout = 60_000, retryDelay = 200, onExchange } = options;

  /** Sends a request until the store gives a lasting response. */
  async function send(name: string, request: StoreRequest): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await sendOnce(name, request);
      if (outcome instanceof Response && !isTransient(outcome.status)) return outcome;
      if (request.signal.aborted) throw request.signal.reason;
      if (attempt === attempts) {
        if (!(outcome instanceof Response)) throw new StoreError(503, `${store.title} cannot be reached: ${outcome}`);
        throw new StoreError(503, `${store.title} is unavailable: ${await explained(outcome)}`);
      }
      if (outcome instanceof Response) await outcome.body?.cancel();
      await pause(retryDelay * 2 ** (attempt - 1) * (0.5 + Math.random() / 2), request.signal);
    }
  }

  /** A response, or the reason why there is none. */
  async function sendOnce(name: string, request: StoreRequest): Promise<Response | string> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), responseTimeout);
    const started = performance.now();
    let status = 0;
    try {
      const response = await store.send(name, {
        ...request,
        signal: AbortSignal.any([request.signal, deadline.signal]),
      });
      status = response.status;
      return response;
    } catch (error) {
      if (deadline.signal.aborted) return `no response within ${responseTimeout / 1000} s`;
      const { cause, message } = error as { readonly cause?: { readonly code?: string }; readonly message: string };
      return cause?.code ?? message;
    } finally {
      clearTimeout(timer);
      onExchange?.({ status, seconds: (performance.now() - started) / 1000 });
    }
  }

  async function explained(response: Response): Promise<string> {
    const { code, remedy } = await store.explain(response);
    return remedy === undefined ? code : `${code}: ${remedy}`;
  }

  async function open(name: string, signal: AbortSignal): Promise<OriginObject | Missing> {
    const response = await send(name, { method: "HEAD", headers: identity, signal });
    if (response.status === 200) return openObject(name, readFacts(response, store.title), response, signal);
    if (response.status === 404) return { found: false, status: 404 };
    // A response to HEAD has no body, which is where stores say what is wrong.
    const refusal = await send(name, { method: "GET", headers: { ...identity, Range: "bytes=0-0" }, signal });
    if (refusal.status === 404) return { found: false, status: 404 };
    const problem = `${store.title} refused: ${await explained(refusal)}`;
    return { found: false, status: refusal.status === 403 || refusal.status === 401 ? 404 : 502, problem };
  }

  function openObject(name: string, facts: ObjectFacts, response: Response, signal: AbortSignal): OriginObject {
    const reading = new AbortController();
    return {
      found: true,
      name,
      ...facts,
      contentType: appleContentType(name) ?? response.headers.get("Content-Type") ?? undefined,
      read: (range) => readRange(name, facts, range, AbortSignal.any([signal, reading.signal]), reading),
      close: () => reading.abort(),
    };
  }

  function readRange(
    name: string,
    facts: ObjectFacts,
    range: ByteRange,
    signal: AbortSignal,
    reading: AbortController,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    let missing = range.last - range.first + 1;
    let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
    return new ReadableStream({
      start(controller) {
        if (missing === 0) controller.close();
      },
      async pull(controller) {
        reader ??= (await openRange(name, facts, range, signal)).getReader();
        const { value, done } = await withinTime(reader.read(), stallTimeout, () => reading.abort());
        missing -= value?.length ?? 0;
        if (missing < 0 || (done && missing > 0)) {
          reading.abort();
          throw new StoreError(502, `${store.title} sent ${missing < 0 ? "more" : "fewer"} bytes than it announced`);
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
    name: string,
    facts: ObjectFacts,
    { first, last }: ByteRange,
    signal: AbortSignal,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const headers = { ...identity, Range: `bytes=${first}-${last}`, ...onlyThisVersion(facts) };
    const response = await send(name, { method: "GET", headers, signal });
    const { status, body } = response;
    if (status === 412 || status === 404) throw changed(name);
    if (status !== 200 && status !== 206) {
      throw new StoreError(502, `${store.title} refused: ${await explained(response)}`);
    }
    const isWhole = first === 0 && last === facts.size - 1;
    const isRange = response.headers.get("Content-Range") === `bytes ${first}-${last}/${facts.size}`;
    if (status === 206 ? !isRange : !isWhole) {
      await body?.cancel();
      throw status === 206 ? changed(name) : new StoreError(502, `${store.title} does not support Range requests`);
    }
    // Not every store knows If-Match.
    if (!isSameVersion(response, facts)) {
      await body?.cancel();
      throw changed(name);
    }
    return body as ReadableStream<Uint8Array<ArrayBuffer>>;
  }

  return {
    async open(name, { signal = new AbortController().signal } = {}) {
      try {
        return await open(name, signal);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        return { found: false, status: error.status, problem: error.message };
      }
    },
    async check() {
      const { signal } = new AbortController();
      const name = `portcullis-check-${crypto.randomUUID()}`;
      try {
        const response = await send(name, { method: "GET", headers: { ...identity, Range: "bytes=0-0" }, signal });
        const { code, remedy } = await store.explain(response);
        if (response.status === 404 && missingObjectCodes.includes(code)) return { outcome: "usable" };
        if (response.ok) return { outcome: "restricted", problem: `${store.title} gives a file for every name` };
        const problem = `${store.title} refused: ${remedy === undefined ? code : `${code}: ${remedy}`}`;
        return { outcome: code === "AccessDenied" ? "restricted" : "refused", problem };
      } catch (error) {
        return { outcome: "unreachable", problem: (error as Error).message };
      }
    },
    async isPublic(name) {
      try {
        const response = await fetch(store.address(name), {
          headers: { Range: "bytes=0-0" },
          redirect: "manual",
          signal: AbortSignal.timeout(responseTimeout),
        });
        await response.body?.cancel();
        return response.status === 200 || response.status === 206;
      } catch {
        return false;
      }
    },
  };
}

/** How stores say that they have no such object; one that says no more than its status is a web server. */
const missingObjectCodes = ["NoSuchKey", "BlobNotFound", "status 404"];

/** Hashes and ranges are over the bytes as they are stored. */
const identity = { "Accept-Encoding": "identity" };

function readFacts({ headers }: Response, title: string): ObjectFacts {
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

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
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
