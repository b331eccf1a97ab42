import { asOriginError, connectionProblem, OriginError } from "./origin-error.ts";

/** A request to a store; the store adds its address and its credentials. */
export interface StoreRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
  /** How long to wait for the response, in milliseconds, if that is longer than usual. */
  readonly patience?: number | undefined;
  readonly signal: AbortSignal;
}

/** What differs between stores that speak HTTP. */
export interface RemoteStore {
  /** What messages call it, such as `the bucket`: never its URL, which might contain credentials. */
  readonly title: string;
  /** Sends one request for an object. Redirects are not followed: the response that redirects is returned. */
  send(name: string, request: StoreRequest): Promise<Response>;
  /** Where an object is, without credentials, to find out whether the store serves it to anyone. */
  address(name: string): URL;
  /** The name of any object; `undefined` if there is none, or the credentials do not allow listing them. */
  anyName?(signal: AbortSignal): Promise<string | undefined>;
  /**
   * Says why the store refused, without a URL or credentials, and discards the body. `response` must be that of a GET,
   * since it needs a body; only the part of the body that arrives within this many milliseconds is read.
   */
  explain(response: Response, within: number): Promise<StoreProblem>;
}

/** Why a store refused a request. */
export interface StoreProblem {
  /** The store's own name for it, such as `NoSuchBucket`, or the status. */
  readonly code: string;
  /** What the administrator can do about it, if that is known. */
  readonly remedy?: string | undefined;
}

/** One response of a store, for metrics; `status` is 0 if there was none. */
export interface StoreExchange {
  readonly status: number;
  readonly seconds: number;
}

/** How a remote origin waits and retries; tests shorten the times. */
export interface RemoteOptions {
  /** How long to wait for the first byte of a response, in milliseconds. Default 10 000. */
  readonly responseTimeout?: number | undefined;
  /** How long a body can pause, in milliseconds. Default 60 000. */
  readonly stallTimeout?: number | undefined;
  /** The first delay before a retry, in milliseconds; it doubles, and half of it is random. Default 200. */
  readonly retryDelay?: number | undefined;
  /** Called with each request to the store, for metrics. */
  readonly onExchange?: ((exchange: StoreExchange) => void) | undefined;
}

/** Milliseconds. */
export const defaultResponseTimeout = 10_000;

/** Sends requests to a store, with a deadline and with retries. */
export interface StoreClient {
  /** Resolves with a response that is not transient; rejects with an `OriginError`, or with the reason of an abort. */
  send(name: string, request: StoreRequest): Promise<Response>;
  /** Why the store refused, with what to do about it. */
  explain(response: Response): Promise<string>;
  /** The same, as separate members. */
  diagnose(response: Response): Promise<StoreProblem>;
}

const attempts = 3;
/** The lowest speed at which a body is expected to be sent, in bytes per millisecond: 64 KiB per second. */
const slowestUpload = 64;
const isTransient = (status: number): boolean => status === 429 || (status >= 500 && status <= 504 && status !== 501);

/**
 * Creates a client for a store. A request that fails for a transient reason (no connection, 429, 500, 502 to 504) is
 * tried three times, but never after the first byte has arrived: a client that has part of a version resumes by itself.
 */
export function createStoreClient(store: RemoteStore, options: RemoteOptions): StoreClient {
  const { responseTimeout = defaultResponseTimeout, retryDelay = 200, onExchange } = options;

  /** Sends a request until the store gives a response that is not transient. */
  async function send(name: string, request: StoreRequest): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await sendOnce(name, request);
      if (outcome instanceof Response && !isTransient(outcome.status)) return outcome;
      if (request.signal.aborted) throw request.signal.reason;
      if (attempt === attempts) {
        if (!(outcome instanceof Response)) throw new OriginError(503, `${store.title} cannot be reached: ${outcome}`);
        throw new OriginError(503, `${store.title} is unavailable: ${await explain(outcome)}`);
      }
      if (outcome instanceof Response) discardBody(outcome);
      await pause(retryDelay * 2 ** (attempt - 1) * (0.5 + Math.random() / 2), request.signal);
    }
  }

  /** A response, or the reason why there is none. */
  async function sendOnce(name: string, request: StoreRequest): Promise<Response | string> {
    const deadline = new AbortController();
    const { body, patience = 0 } = request;
    const limit = Math.max(patience, responseTimeout + (body?.length ?? 0) / slowestUpload);
    const timer = setTimeout(() => deadline.abort(), limit);
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
      if (deadline.signal.aborted) return `no response within ${Number((limit / 1000).toFixed(1))} s`;
      if (asOriginError(error)) throw error;
      return connectionProblem(error);
    } finally {
      clearTimeout(timer);
      onExchange?.({ status, seconds: (performance.now() - started) / 1000 });
    }
  }

  function diagnose(response: Response): Promise<StoreProblem> {
    return store.explain(response, responseTimeout);
  }

  async function explain(response: Response): Promise<string> {
    const { code, remedy } = await diagnose(response);
    return remedy === undefined ? code : `${code}: ${remedy}`;
  }

  return { send, explain, diagnose };
}

/** Ends a response whose body is not needed; it does not matter if it has already failed. */
export function discardBody({ body }: Response): void {
  body?.cancel().catch(() => {});
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
