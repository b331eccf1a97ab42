import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Readable, Transform, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Busboy } from "@fastify/busboy";
import { depotError } from "../depot-error.ts";

/** A form with a file. */
export interface Upload {
  /** What was received, under the name that it was sent with. */
  readonly file: string;
  readonly fields: ReadonlyMap<string, string>;
  /** Removes the file. */
  remove(): Promise<void>;
}

/** How to receive it. */
export interface UploadOptions {
  /** A folder for incomplete files. */
  readonly incoming: string;
  /** The largest file that is received, in bytes. */
  readonly maxSize: number;
  /**
   * Called with the fields before the file; if it throws, the upload ends before anything is stored. It can return a
   * different limit for this file.
   */
  readonly check: (fields: ReadonlyMap<string, string>) => SizeLimit | undefined;
}

/** The largest file that is received. */
export interface SizeLimit {
  /** In bytes. */
  readonly largest: number;
  /** Creates the error for a file that is larger. */
  readonly refusal: () => Error;
}

/**
 * In bytes. The body of a form is larger than its file by less than this, for the fields and the headers of the parts.
 */
const longestRest = 64 * 1024;

/**
 * Receives a form with one file, which is written to disk as it arrives. Throws `upload_failed` if there is no file, it
 * is too large, or the connection was closed early; nothing is then left on disk. A file that is too large is refused as
 * soon as that is known: from the length that the request declares, or otherwise while the file arrives.
 */
export async function receiveUpload(request: Request, { incoming, maxSize, check }: UploadOptions): Promise<Upload> {
  const folder = join(incoming, randomUUID());
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    return { ...(await receive(request, folder, { maxSize, check })), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function receive(
  request: Request,
  folder: string,
  { maxSize, check }: Omit<UploadOptions, "incoming">,
): Promise<Omit<Upload, "remove">> {
  const { body, headers } = request;
  const type = headers.get("content-type") ?? "";
  if (!body || !/^multipart\/form-data\s*;.*\bboundary=/i.test(type)) throw noFile();
  const usualLimit: SizeLimit = { largest: maxSize, refusal: () => tooLarge(maxSize) };
  const least = Number(headers.get("content-length") ?? 0) - longestRest;
  if (least > maxSize) throw tooLarge(maxSize);
  const parser = createParser(type);
  const fields = new Map<string, string>();
  const ending = new AbortController();
  let stored: Promise<string> | undefined;
  parser.on("field", (name, value) => void fields.set(name, value));
  // Rejects with the first error.
  const failed = new Promise<never>((_resolve, reject) => {
    parser.on("error", (error) => reject(endedEarly(error as Error)));
    parser.on("file", (_field, stream, sentName) => {
      // Without a listener, a truncated part would end the process. An error with a code comes from the disk.
      stream.on("error", (error) => reject("code" in error ? error : endedEarly(error)));
      // A form without a chosen file sends an empty one.
      if (!sentName) return void stream.resume();
      const limit = () => check(fields) ?? usualLimit;
      stored = store(stream, { folder, sentName, limit, least, signal: ending.signal });
      stored.catch(reject);
    });
  });
  failed.catch(() => {});
  try {
    await Promise.race([failed, parse(body, parser)]);
    const file = await Promise.race([failed, stored ?? Promise.reject(noFile())]);
    return { file, fields };
  } catch (error) {
    // The rest of the request is not read, not even the rest of the file, which is closed before it is removed.
    ending.abort();
    await stored?.catch(() => {});
    throw error;
  }
}

/** `Busboy` throws for a boundary that is too long (RFC 2046 section 5.1.1). */
function createParser(type: string): InstanceType<typeof Busboy> {
  try {
    return new Busboy({
      headers: { "content-type": type },
      limits: { files: 1, fields: 10, fieldSize: 1000, parts: 11 },
    });
  } catch {
    throw noFile();
  }
}

interface StoreOptions {
  readonly folder: string;
  readonly sentName: string;
  readonly limit: () => SizeLimit;
  /** The minimum size of the file, in bytes, if it is known. */
  readonly least: number;
  readonly signal: AbortSignal;
}

async function store(stream: Readable, { folder, sentName, limit, least, signal }: StoreOptions): Promise<string> {
  const { largest, refusal } = limit();
  if (least > largest) throw refusal();
  await mkdir(folder, { mode: 0o700 });
  const file = join(folder, safeName(sentName));
  let size = 0;
  const bounded = new Transform({
    transform(part: Buffer, _encoding, done) {
      size += part.length;
      if (size > largest) done(refusal());
      else done(null, part);
    },
  });
  await pipeline(stream, bounded, createWriteStream(file, { flags: "wx", mode: 0o600 }), { signal });
  return file;
}

/** Does not use a pipe, which would close the connection on an error, so that no response could be sent. */
async function parse(body: ReadableStream<Uint8Array>, parser: Writable): Promise<void> {
  const finished = once(parser, "finish");
  finished.catch(() => {});
  const reader = body.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read())
      if (!parser.write(part.value)) await once(parser, "drain");
  } catch (error) {
    throw endedEarly(error as Error);
  }
  parser.end();
  await finished;
}

/** Publishing uses only part of the name, see `publishCopy`; here it only has to be a file name. */
function safeName(sent: string): string {
  const name = basename(sent.replaceAll("\\", "/"))
    .replace(/[^\w. -]+/g, "-")
    .slice(-150);
  return /^\.*$/.test(name) ? "upload" : name;
}

function noFile(): Error {
  return depotError("upload_failed", "no file was sent", "Choose an .ipa or .pkg file");
}

function endedEarly({ message }: Error): Error {
  return depotError("upload_failed", `the upload ended early: ${message}`, "Send the file again");
}

function tooLarge(maxSize: number): Error {
  return depotError(
    "upload_failed",
    `the file is larger than ${Math.floor(maxSize / 1024 ** 2)} MiB, the depot's limit`,
    "Copy it to the server, and publish it there: portcullis publish",
  );
}
