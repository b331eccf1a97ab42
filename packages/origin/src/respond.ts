import {
  badPathResponse,
  describeResponse,
  failureResponse,
  methodNotAllowedResponse,
  missingResponse,
  type ResponseHead,
} from "./describe-response.ts";
import { openByName, readObjectName } from "./object-name.ts";
import type { Origin } from "./origin.ts";
import { asOriginError, mostVersions } from "./origin-error.ts";
import type { ConditionalRequest } from "./select-range.ts";

/** How `respond` reads requests. */
export interface RespondOptions {
  /** The path below which the origin is mounted: with `/apps`, `/apps/a.ipa` is the object `a.ipa`. Default `/`. */
  readonly under?: string | undefined;
  /** Receives what is wrong with the origin, for a log. By default, it is printed to standard error. */
  readonly onProblem?: ((problem: string, name: string) => void) | undefined;
}

/**
 * Returns the response for the object that a request's path names: GET and HEAD, ranges, conditional requests, types,
 * and problem documents (RFC 9457) for the rest. It checks no token: put it behind a guard. Rejects only if the client
 * has disconnected.
 *
 * @example
 * Deno.serve(guard({ keys }, (request) => respond(origin, request)));
 */
export async function respond(origin: Origin, request: Request, options: RespondOptions = {}): Promise<Response> {
  const { under, onProblem = (problem, name) => console.error(`${name}: ${problem}`) } = options;
  const { method, signal } = request;
  if (method !== "GET" && method !== "HEAD") return toResponse(methodNotAllowedResponse(), method);
  const name = readObjectName(request.url, under);
  if (name === undefined) return toResponse(badPathResponse(), method);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await respondOnce(origin, request, name, onProblem);
    } catch (error) {
      if (signal.aborted) throw error;
      const failure = asOriginError(error);
      // No byte has been sent yet, so the new version can be sent instead.
      if (failure?.isReplaced && attempt < mostVersions) continue;
      onProblem((error as Error).message, name);
      return toResponse(failure ? missingResponse(failure) : failureResponse(), method);
    }
  }
}

/** Rejects if the object fails before its first byte. */
async function respondOnce(
  origin: Origin,
  request: Request,
  name: string,
  onProblem: (problem: string, name: string) => void,
): Promise<Response> {
  const { method, signal } = request;
  const object = await openByName(origin, name, { signal });
  if (object.problem !== undefined) onProblem(object.problem, name);
  if (!object.found) return toResponse(missingResponse(object), method);
  const head = describeResponse(conditionsOf(request), object);
  if (head.range === undefined) {
    object.close();
    return toResponse(head, method);
  }
  const length = head.range.last - head.range.first + 1;
  const body = ofKnownLength(await begun(object.read(head.range), request), length);
  return new Response(body, { status: head.status, headers: head.headers });
}

/**
 * The same stream, once its first piece has arrived. It closes its source when the client disconnects: Next.js drops the
 * response of such a client without cancelling the body, which would leave a file open forever.
 */
async function begun(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  request: Request,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const reader = stream.getReader();
  let first: ReadableStreamReadResult<Uint8Array<ArrayBuffer>> | undefined = await reader.read();
  return new ReadableStream(
    {
      start(controller) {
        const stop = (): void => {
          // Read from the request, which must exist for as long as its signal is to follow another one.
          const { reason } = request.signal;
          controller.error(reason);
          reader.cancel(reason).catch(() => {});
        };
        if (request.signal.aborted) stop();
        else request.signal.addEventListener("abort", stop, { once: true });
      },
      async pull(controller) {
        const { value, done } = first ?? (await reader.read());
        first = undefined;
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function conditionsOf({ method, headers }: Request): ConditionalRequest {
  const header = (name: string): string | undefined => headers.get(name) ?? undefined;
  return {
    method,
    ifMatch: header("If-Match"),
    ifUnmodifiedSince: header("If-Unmodified-Since"),
    ifNoneMatch: header("If-None-Match"),
    ifModifiedSince: header("If-Modified-Since"),
    range: header("Range"),
    ifRange: header("If-Range"),
  };
}

function toResponse({ status, headers, problem }: ResponseHead, method: string): Response {
  return new Response(method === "HEAD" ? null : (problem ?? null), { status, headers });
}

type FixedLength = new (length: number) => TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>;

/** Workers send a `Content-Length` only for a stream that has one; elsewhere the header is enough. */
function ofKnownLength(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  length: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { FixedLengthStream } = globalThis as { FixedLengthStream?: FixedLength };
  return FixedLengthStream ? stream.pipeThrough(new FixedLengthStream(length)) : stream;
}
