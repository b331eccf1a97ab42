import {
  badPathResponse,
  describeResponse,
  methodNotAllowedResponse,
  missingResponse,
  type ResponseHead,
} from "./describe-response.ts";
import { openByName, readObjectName } from "./object-name.ts";
import type { Origin } from "./origin.ts";
import type { ConditionalRequest } from "./select-range.ts";

/** How `respond` reads requests. */
export interface RespondOptions {
  /** The path below which the origin is mounted: with `/apps`, `/apps/a.ipa` is the object `a.ipa`. Default `/`. */
  readonly under?: string | undefined;
  /** Receives what is wrong with the origin, for a log. Default: it is printed on standard error. */
  readonly onProblem?: ((problem: string, name: string) => void) | undefined;
}

/**
 * Returns the response for the object that a request's path names: GET and HEAD, ranges, conditional requests, types, and problem
 * documents (RFC 9457) for the rest. It checks no token: put it behind a guard.
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
  const object = await openByName(origin, name, { signal });
  if (!object.found) {
    if (object.problem !== undefined) onProblem(object.problem, name);
    return toResponse(missingResponse(object), method);
  }
  if (object.problem !== undefined) onProblem(object.problem, name);
  const head = describeResponse(conditionsOf(request), object);
  if (head.range === undefined) {
    object.close();
    return toResponse(head, method);
  }
  const length = head.range.last - head.range.first + 1;
  return new Response(ofKnownLength(object.read(head.range), length), { status: head.status, headers: head.headers });
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
