import { contentType } from "./content-type.ts";
import type { ByteRange, Missing, OriginObject } from "./origin.ts";
import { type ConditionalRequest, selectRange } from "./select-range.ts";

/** A response without the bytes of the object, ready for any server. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The text of a problem document, sent instead of the object's bytes. */
  readonly problem?: string;
  /** The bytes of the object to send; absent for HEAD, 304 and problems. */
  readonly range?: ByteRange;
}

const safety = { "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff" };

/** The response to a GET or HEAD request for an object that was found. */
export function describeResponse(request: ConditionalRequest, object: OriginObject): ResponseHead {
  const { size, etag, modified } = object;
  const { status, range } = selectRange(request, object);
  const tag: Record<string, string> = etag === undefined ? {} : { ETag: etag };
  if (status === 412) return problemResponse(412, "The file has changed.", tag);
  if (status === 416) {
    const headers = { "Content-Range": `bytes */${size}`, "Accept-Ranges": "bytes", ...tag };
    return problemResponse(416, "The file is shorter than the requested range.", headers);
  }
  // RFC 9111 section 5.2.2.7: a shared cache must not store a response that only this request is allowed to have.
  const headers: Record<string, string> = { "Cache-Control": "private", ...safety, ...tag };
  if (modified !== undefined) headers["Last-Modified"] = modified.toUTCString();
  if (object.age !== undefined) headers.Age = String(object.age);
  if (range === undefined) return { status, headers };
  headers["Accept-Ranges"] = "bytes";
  headers["Content-Type"] = isFieldValue(object.contentType) ? object.contentType : contentType(object.name);
  headers["Content-Length"] = String(range.last - range.first + 1);
  if (status === 206) headers["Content-Range"] = `bytes ${range.first}-${range.last}/${size}`;
  return request.method === "HEAD" ? { status, headers } : { status, headers, range };
}

/** Anyone who can upload to a bucket chooses the type: a value that is not a valid header (RFC 9110 section 5.5) must not split the response. */
function isFieldValue(text: string | undefined): text is string {
  return text !== undefined && /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(text);
}

/** The response if there is no object to send. */
export function missingResponse({ status }: Pick<Missing, "status">): ResponseHead {
  if (status === 404) return problemResponse(404, "There is no such file here.");
  const retry = { "Retry-After": "2" };
  if (status === 502) return problemResponse(502, "The file could not be fetched from where it is stored.", retry);
  return problemResponse(503, "The file is not available at the moment.", retry);
}

/** The response to a path that cannot name a file. */
export function badPathResponse(): ResponseHead {
  return problemResponse(
    400,
    "The path of the URL cannot name a file: a segment of it is empty (//), hidden (/.x), . or .., or contains an escaped slash or control character.",
  );
}

/** RFC 9110 section 15.5.6: the response lists the allowed methods. */
export function methodNotAllowedResponse(): ResponseHead {
  return problemResponse(405, "Use GET or HEAD to fetch a file.", { Allow: "GET, HEAD" });
}

/** The response if reading failed before the first byte was sent. */
export function failureResponse(): ResponseHead {
  return problemResponse(500, "The file could not be read.");
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  412: "Precondition Failed",
  416: "Range Not Satisfiable",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

/**
 * A problem document (RFC 9457), in the shape of the gate's refusals. Fixed text only: nothing from the request is in
 * it.
 */
export function problemResponse(
  status: number,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): ResponseHead {
  const problem = `${JSON.stringify({ type: "about:blank", title: titles[status] ?? "Error", status, detail })}\n`;
  return {
    status,
    headers: {
      "Content-Type": "application/problem+json",
      "Content-Length": String(new TextEncoder().encode(problem).length),
      "Cache-Control": "no-store",
      ...safety,
      ...headers,
    },
    problem,
  };
}
