import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { describeResponse, failureResponse, missingResponse, type ResponseHead } from "../describe-response.ts";
import type { OriginObject } from "../origin.ts";
import { asOriginError } from "../origin-error.ts";
import type { ConditionalRequest } from "../select-range.ts";
import type { FileObject } from "./folder.ts";
import { sendFile } from "./send-file.ts";
import { sendStream } from "./send-stream.ts";

/** The result of a transfer, for a log. */
export interface Transfer {
  /** Bytes of the body that were passed to the connection. */
  bytesSent(): number;
  /** Whether the response was aborted because fewer bytes could be read than were announced. */
  wasCut(): boolean;
  /** What went wrong on the server, if anything. */
  problem(): string | undefined;
}

/**
 * Sends an open object as the response to a GET or HEAD request, whole or in part, and closes the object.
 *
 * If the object fails, shrinks or is written to during the transfer, the connection is closed: half an app, or the
 * beginning of one version with the end of another, must never look like a complete app. Headers that were set before
 * are kept, unless they describe the object.
 *
 * `startAgain` is called instead if the object turns out to have been replaced before its first byte was sent: it opens
 * the new version and handles the request again.
 */
export function sendObject(
  request: IncomingMessage,
  response: ServerResponse,
  object: OriginObject,
  startAgain?: () => Promise<void>,
): Transfer {
  let bytes = 0;
  let isCut = false;
  let problem: string | undefined;
  const head = describeResponse(conditionsOf(request), object);
  const { range } = head;
  if (range === undefined || range.last < range.first) {
    object.close();
    sendHead(response, head);
  } else {
    const begin = (): void => void response.writeHead(head.status, headersFor(response, head));
    const wrote = (length: number): void => {
      bytes += length;
    };
    const failed = (error: Error): void => {
      problem = error.message;
      isCut = response.headersSent;
      const failure = asOriginError(error);
      if (isCut) response.destroy();
      else sendHead(response, failure ? missingResponse(failure) : failureResponse());
    };
    send(response, object, range, begin, wrote).catch((error: Error) => {
      const canStartAgain = startAgain && asOriginError(error)?.isReplaced && !response.headersSent;
      if (!canStartAgain || response.destroyed) return failed(error);
      startAgain().catch(failed);
    });
  }
  return {
    bytesSent: () => Math.max(0, bytes - response.writableLength),
    wasCut: () => isCut,
    problem: () => problem,
  };
}

async function send(
  response: ServerResponse,
  object: OriginObject,
  range: { readonly first: number; readonly last: number },
  begin: () => void,
  wrote: (bytes: number) => void,
): Promise<void> {
  if (!isFile(object)) {
    return sendStream(response, object.read(range), range.last - range.first + 1, begin, wrote);
  }
  try {
    await sendFile(response, object.file, range, begin, wrote);
  } finally {
    object.close();
  }
}

function isFile(object: OriginObject): object is FileObject {
  return "file" in object;
}

/** Sends a response that has no bytes of an object: a problem document, or the headers alone. */
export function sendHead(response: ServerResponse, head: ResponseHead): void {
  if (head.problem !== undefined) for (const name of descriptive) response.removeHeader(name);
  response.writeHead(head.status, headersFor(response, head));
  response.end(head.problem);
}

/** Headers that earlier middleware might have set for the file, and that are wrong for a problem document. */
const descriptive = ["ETag", "Last-Modified", "Content-Encoding", "Content-Disposition", "Accept-Ranges"];

/** An allowed response keeps a `Cache-Control` that was set before, since it can be stricter or more specific. */
function headersFor(response: ServerResponse, { headers, problem }: ResponseHead): OutgoingHttpHeaders {
  const own = response.getHeader("Cache-Control");
  // Typed as mutable, but `writeHead` only reads it.
  if (own === undefined || problem !== undefined) return headers as OutgoingHttpHeaders;
  return { ...headers, "Cache-Control": String(own) };
}

function conditionsOf({ method = "", headers }: IncomingMessage): ConditionalRequest {
  return {
    method,
    ifMatch: headers["if-match"],
    ifUnmodifiedSince: headers["if-unmodified-since"],
    ifNoneMatch: headers["if-none-match"],
    ifModifiedSince: headers["if-modified-since"],
    range: headers.range,
    ifRange: headers["if-range"]?.toString(),
  };
}
