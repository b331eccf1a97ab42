import { setTimeout as pause } from "node:timers/promises";
import { failure } from "../../command-line/command-error.ts";
import { readShortBody } from "../../system/read-short-body.ts";
import { safeText } from "../../terminal/safe-text.ts";

/** The API of a depot. */
export interface DepotApi {
  /** Where files are sent, in parts. */
  readonly uploads: string;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Sends a JSON object. Repeats the request while the depot responds that it is still working, and up to six times in a
   * row while the depot is not available, each time after at most a minute. Rejects if the depot cannot be reached.
   */
  post<Result>(path: string, body: object): Promise<ApiResponse<Result>>;
}

/** What the API responded. */
export type ApiResponse<Result> =
  | { readonly isDone: true; readonly result: Result }
  | { readonly isDone: false; readonly code: string; readonly message: string; readonly remedy: string | undefined };

/** In bytes. A depot's response about one version, with all warnings, is a few kilobytes long. */
const longestResponse = 256 * 1024;
/** Seconds to wait before each further attempt, if the depot, or a proxy in front of it, does not say how long. */
const retryDelays = [1, 3, 5, 10, 30, 30];
/** The longest wait that a depot can request with `Retry-After`, in seconds. */
const longestRetryAfter = 60;
/** A depot waits 20 seconds before it says that it is still working, so this takes about six hours. */
const mostRepetitions = 1000;
/** The connection is refused, or ends before the response: the depot is being restarted, and has no proxy. */
const brokenConnection = ["ECONNREFUSED", "ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];
/** Requests that have the same result when they are repeated, even if the first one took effect. */
const repeatable = ["versions"];

/** Creates the client of the API at `base`, with an API token. */
export function createDepotApi(base: URL, token: string): DepotApi {
  const headers = { Authorization: `Bearer ${token}` };

  let wasReached = false;

  async function send(path: string, body: object): Promise<Response> {
    const response = await fetch(new URL(`/api/${path}`, base), {
      method: "POST",
      redirect: "error",
      headers: { ...headers, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    wasReached = true;
    return response;
  }

  /** Without a response before it, a broken connection can mean that the URL is wrong. */
  function isRestarting(error: unknown, path: string): boolean {
    const { code = "" } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
    return wasReached && repeatable.includes(path) && brokenConnection.includes(code);
  }

  /** Repeats the request while the response is "still working" or, for a while, "not available"; returns the last. */
  async function sendUntilDone(path: string, body: object): Promise<Response> {
    let failures = 0;
    for (let repetitions = 0; ; repetitions += 1) {
      const delay = retryDelays[failures];
      const response = await send(path, body).catch((error: unknown) => {
        if (delay !== undefined && isRestarting(error, path)) return undefined;
        throw notReached(base, error);
      });
      let seconds = retryAfter(response) ?? delay ?? 0;
      if (response?.status === 202) {
        if (repetitions >= mostRepetitions) return response;
        seconds = Math.min(retryAfter(response) ?? 1, longestRetryAfter);
        failures = 0;
      } else {
        const isFinal = delay === undefined || seconds > longestRetryAfter;
        if (response && (isFinal || !isUnavailable(response.status, path))) return response;
        failures += 1;
      }
      await response?.body?.cancel().catch(() => {});
      await pause(1000 * seconds);
    }
  }

  return {
    uploads: new URL("/api/uploads", base).href,
    headers,
    async post(path, body) {
      const response = await sendUntilDone(path, body);
      const result = await readObject(response);
      if (response.ok && response.status !== 202 && result) return { isDone: true, result: result as never };
      const { code, detail, remedy } = typeof result?.code === "string" ? result : {};
      return {
        isDone: false,
        code: String(code),
        message: safeText(typeof detail === "string" ? detail : notADepot(response.status)),
        remedy: typeof remedy === "string" ? safeText(remedy) : undefined,
      };
    },
  };
}

/**
 * Whether the depot, or its database, is being restarted and has not processed the request. A proxy also responds with
 * 502 when the depot ended while it processed the request: a second link would then be created, and nobody would know
 * the URL of the first.
 */
function isUnavailable(status: number, path: string): boolean {
  return status === 503 || (status === 502 && repeatable.includes(path));
}

function notReached(base: URL, error: unknown): Error {
  const { cause, message } = error as Error;
  const reason = (cause as Error | undefined)?.message || message;
  return failure(`${base.origin} cannot be reached: ${safeText(reason)}`);
}

/** The seconds of a `Retry-After` header (RFC 9110 section 10.2.3), which can also be a date. */
function retryAfter(response: Response | undefined): number | undefined {
  const text = response?.headers.get("Retry-After") ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}

/** The JSON object in a response; `undefined` if there is none, as in the page of another server. */
async function readObject(response: Response): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse((await readShortBody(response, longestResponse)) ?? "");
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function notADepot(status: number): string {
  return `it responded with ${status}: check that this is the URL of the depot's administration pages`;
}
