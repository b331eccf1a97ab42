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

/** Milliseconds. */
export const defaultResponseTimeout = 10_000;

/** A store failed after it had been asked correctly; `status` is what the client gets if no byte was sent yet. */
export class StoreError extends Error {
  readonly status: 404 | 502 | 503;

  constructor(status: 404 | 502 | 503, problem: string) {
    super(problem);
    this.name = "StoreError";
    this.status = status;
  }
}

/** Sends requests to a store, with a deadline and with retries. */
export interface StoreClient {
  /** Resolves with a response that is not transient; rejects with a `StoreError`, or with the reason of an abort. */
  send(name: string, request: StoreRequest): Promise<Response>;
  /** Why the store refused, with what to do about it. */
  explain(response: Response): Promise<string>;
}

const attempts = 3;
const isTransient = (status: number): boolean => status === 429 || (status >= 500 && status <= 504 && status !== 501);

/**
 * Makes a client of a store. What is transient (no connection, 429, 500, 502 to 504) is tried three times before the
 * first byte, and never after it: a client that has part of a version resumes by itself.
 */
export function createStoreClient(store: RemoteStore, options: RemoteOptions): StoreClient {
  const { responseTimeout = defaultResponseTimeout, retryDelay = 200, onExchange } = options;

  /** Sends a request until the store gives a lasting response. */
  async function send(name: string, request: StoreRequest): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await sendOnce(name, request);
      if (outcome instanceof Response && !isTransient(outcome.status)) return outcome;
      if (request.signal.aborted) throw request.signal.reason;
      if (attempt === attempts) {
        if (!(outcome instanceof Response)) throw new StoreError(503, `${store.title} cannot be reached: ${outcome}`);
        throw new StoreError(503, `${store.title} is unavailable: ${await explain(outcome)}`);
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

  async function explain(response: Response): Promise<string> {
    const { code, remedy } = await store.explain(response);
    return remedy === undefined ? code : `${code}: ${remedy}`;
  }

  return { send, explain };
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
