import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Busboy } from "@fastify/busboy";
import { depotError } from "../depot-error.ts";

/** A form with a file. */
export interface Upload {
  /** What was received, under the name that it was sent with. */
  readonly file: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** How to receive it. */
export interface UploadOptions {
  /** A folder for what is not complete yet. */
  readonly incoming: string;
  /** In bytes. */
  readonly maxSize: number;
  /** Called with the fields before the file; what it throws ends the upload before anything is stored. */
  readonly check: (fields: ReadonlyMap<string, string>) => void;
}

/**
 * Receives a form with one file, which is written to disk as it arrives, and removed when `use` has ended. Throws
 * `upload_failed` if there is no file, it is too large, or the connection was closed early.
 */
export async function receiveUpload<Result>(
  request: Request,
  { incoming, maxSize, check }: UploadOptions,
  use: (upload: Upload) => Promise<Result>,
): Promise<Result> {
  const folder = join(incoming, randomUUID());
  const fields = new Map<string, string>();
  try {
    const file = await receive();
    return await use({ file, fields });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }

  async function receive(): Promise<string> {
    if (!request.body || !/^multipart\/form-data/i.test(request.headers.get("content-type") ?? "")) throw noFile();
    const limits = { fileSize: maxSize + 1, files: 1, fields: 10, fieldSize: 1000, parts: 11 };
    const parser = new Busboy({
      headers: Object.fromEntries(request.headers) as IncomingHttpHeaders & { "content-type": string },
      limits,
    });
    let stored: Promise<string> | undefined;
    parser.on("field", (name, value) => void fields.set(name, value));
    parser.on("file", (_field, stream, sentName) => {
      // A form without a chosen file has an empty one.
      if (!sentName) return void stream.resume();
      stored = (async () => {
        check(fields);
        await mkdir(folder, { mode: 0o700 });
        const file = join(folder, safeName(sentName));
        await pipeline(stream, createWriteStream(file, { flags: "wx", mode: 0o600 }));
        if (stream.truncated) throw tooLarge(maxSize);
        return file;
      })();
      // The rest of the request is of no use, and reading it can take hours.
      stored.catch((error) => parser.destroy(error));
    });
    try {
      await pipeline(Readable.fromWeb(request.body as never), parser);
    } catch (error) {
      await stored;
      throw depotError("upload_failed", `the upload ended early: ${(error as Error).message}`, "Send the file again");
    }
    if (!stored) throw noFile();
    return stored;
  }
}

/** The name is the item's only in part, see `publishFile`; here it must only be a name. */
function safeName(sent: string): string {
  const name = basename(sent.replaceAll("\\", "/"))
    .replace(/[^\w. -]+/g, "-")
    .slice(-150);
  return /^\.*$/.test(name) ? "upload" : name;
}

function noFile(): Error {
  return depotError("upload_failed", "no file was sent", "Choose an .ipa or .pkg file");
}

function tooLarge(maxSize: number): Error {
  return depotError(
    "upload_failed",
    `the file is larger than ${Math.round(maxSize / 1e9)} GB`,
    "Copy it to the server, and publish it there: portcullis publish",
  );
}
