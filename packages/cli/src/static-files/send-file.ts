import type { ReadStream } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import send from "send";
import { soundRange } from "./byte-range.ts";
import { appleContentType } from "./content-type.ts";
import { entityTag, type OpenFile } from "./open-file.ts";
import { sendProblem } from "./send-problem.ts";

/** What became of the bytes, for the log. */
export interface Transfer {
  /** Bytes of the body that were handed to the connection. */
  bytesSent(): number;
  /** Whether the file ended before what was promised of it; the connection was cut then. */
  wasCut(): boolean;
  /** What went wrong on this side, if anything did. */
  problem(): string | undefined;
}

const changed = "the file was changed while it was sent; replace files by renaming new ones over the old";

/** The library's stream, as far as it is used: its `send` is public, but not in its types. */
interface SendStream extends NodeJS.EventEmitter {
  res: ServerResponse;
  send(path: string, stat: { readonly size: number; readonly mtime: Date }): void;
}

/**
 * Answers a GET or HEAD request with an open file, whole or in part, and closes the file.
 *
 * Bytes come from the descriptor that was judged, never again from the path. A file that fails,
 * shrinks or is written to on the way cuts the connection: half an app, or the head of one and the
 * tail of another, must never look like a whole one.
 */
export function sendFile(request: IncomingMessage, response: ServerResponse, file: OpenFile, name: string): Transfer {
  const { handle, size, modified, etag } = file;
  response.once("close", () => void handle.close().catch(() => {}));
  prepare(request, response, file, name);

  let body: ReadStream | undefined;
  let isCut = false;
  let problem: string | undefined;
  const options = { fd: handle, cacheControl: false, etag: false };
  const sending = send(request, name, options as object) as unknown as SendStream;
  sending.on("stream", (stream: ReadStream) => {
    body = stream;
    failIfChanged(file, (read) => stream.bytesRead + read >= Number(response.getHeader("Content-Length")));
    stream.once("end", () => {
      const promised = Number(response.getHeader("Content-Length"));
      if (stream.bytesRead === promised) return;
      isCut = true;
      problem = changed;
      response.destroy();
    });
  });
  sending.on("error", ({ status, message }: { status: number; message: string }) => {
    if (status >= 500) problem = message;
    fail(response, status, size, etag);
  });
  sending.res = response;
  sending.send(name, { size, mtime: modified });

  return {
    bytesSent: () => Math.max(0, (body?.bytesRead ?? 0) - response.writableLength),
    wasCut: () => isCut,
    problem: () => problem,
  };
}

/**
 * Makes the read of the last bytes fail if the file is no longer the one that was opened: as long as
 * those are held back, the client knows that it has not got everything.
 */
function failIfChanged({ handle, etag }: OpenFile, isLast: (bytesRead: number) => boolean): void {
  type Read = (buffer: Buffer, offset: number, length: number, position: number) => Promise<{ bytesRead: number }>;
  const read = handle.read.bind(handle) as Read;
  const checked: Read = async (...where) => {
    const result = await read(...where);
    if (isLast(result.bytesRead) && entityTag(await handle.stat({ bigint: true })) !== etag) {
      throw new Error(changed);
    }
    return result;
  };
  Object.assign(handle, { read: checked });
}

function prepare(request: IncomingMessage, response: ServerResponse, file: OpenFile, name: string): void {
  const range = soundRange(request.method, request.headers, file);
  delete request.headers["if-range"];
  delete request.headers.range;
  if (range !== undefined) request.headers.range = range;
  const type = appleContentType(name);
  if (type !== undefined) response.setHeader("Content-Type", type);
  response.setHeader("ETag", file.etag);
  response.setHeader("Referrer-Policy", "no-referrer");
  response.setHeader("X-Content-Type-Options", "nosniff");
}

function fail(response: ServerResponse, status: number, size: number, etag: string): void {
  if (response.headersSent) {
    response.destroy();
  } else if (status === 416) {
    const headers = { "Content-Range": `bytes */${size}`, "Accept-Ranges": "bytes", ETag: etag };
    sendProblem(response, 416, "The file is shorter than the range asked for.", headers);
  } else if (status === 412) {
    sendProblem(response, 412, "The file has changed.", { ETag: etag });
  } else {
    sendProblem(response, 500, "The file could not be read.");
  }
}
