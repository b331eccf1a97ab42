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
   * Sends a JSON object. Repeats the request while the depot responds that it is still working, and up to six times
   * while the response is 502 or 503.
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
/** The depot is being restarted, or its database is. */
const unavailable = [502, 503];

/** Creates the client of the API at `base`, with an API token. */
export function createDepotApi(base: URL, token: string): DepotApi {
  const headers = { Authorization: `Bearer ${token}` };

  async function send(path: string, body: object): Promise<Response> {
    try {
      return await fetch(new URL(`/api/${path}`, base), {
        method: "POST",
        redirect: "error",
        headers: { ...headers, "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
    } catch (error) {
      const { cause, message } = error as Error;
      const reason = (cause as Error | undefined)?.message || message;
      throw failure(`${base.origin} cannot be reached: ${safeText(reason)}`);
    }
  }

  /** Repeats the request while the response is "still working" or, for a while, "not available"; returns the last. */
  async function sendUntilDone(path: string, body: object): Promise<Response> {
    let failures = 0;
    for (let repetitions = 0; ; repetitions += 1) {
      const response = await send(path, body);
      const { status } = response;
      if (status === 202 && repetitions < mostRepetitions) {
        await pause(1000 * Math.min(retryAfter(response) ?? 1, longestRetryAfter));
      } else if (unavailable.includes(status) && failures < retryDelays.length) {
        const seconds = retryAfter(response) ?? retryDelays[failures] ?? 0;
        if (seconds > longestRetryAfter) return response;
        await pause(1000 * seconds);
        failures += 1;
      } else return response;
      await response.body?.cancel();
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

/** The seconds of a `Retry-After` header (RFC 9110 section 10.2.3), which can also be a date. */
function retryAfter({ headers }: Response): number | undefined {
  const text = headers.get("Retry-After") ?? "";
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
