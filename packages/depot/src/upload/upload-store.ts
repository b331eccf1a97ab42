import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { DataStore, ERRORS, Upload } from "@tus/server";
import { sha256OfFile } from "../item/sha256-of-file.ts";

/** An upload that has received nothing for this long, in milliseconds, is removed. */
const longestPause = 24 * 60 * 60 * 1000;
const idForm = /^[0-9a-f]{32}$|^[0-9a-f]{64}$/;

/** A file that is complete. */
export interface ReceivedFile {
  readonly path: string;
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

/**
 * Uploads as files in a folder: `ID` contains the bytes that were received, and `ID.json` the size of the complete
 * file. Both survive if the process is killed.
 */
export class UploadStore extends DataStore {
  readonly #folder: string;
  /** Hashes of the bytes that this process has received, so that a file need not be read again to hash it. */
  readonly #hashes = new Map<string, { readonly hash: Hash; bytes: number }>();

  constructor(folder: string) {
    super();
    this.#folder = folder;
    this.extensions = ["creation", "creation-with-upload", "termination"];
  }

  override async create(upload: Upload): Promise<Upload> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await this.#removeAbandoned();
    const path = this.#path(upload.id);
    const { id, size, metadata } = upload;
    const before = await this.getUpload(id).catch(() => undefined);
    // A complete upload might have been published, so it is not written to again, and neither is the rest of another
    // upload.
    if (before?.size !== size || before?.offset === size) await this.remove(id);
    // Written under another name first: an upload has a complete description or none.
    await (await open(path, "a", 0o600)).close();
    await writeFile(`${path}.new`, JSON.stringify({ id, size, metadata }), { mode: 0o600 });
    await rename(`${path}.new`, `${path}.json`);
    return upload;
  }

  override async getUpload(id: string): Promise<Upload> {
    const path = this.#path(id);
    try {
      const [{ size: offset }, description] = [await stat(path), await readFile(`${path}.json`, "utf8")];
      return new Upload({ ...JSON.parse(description), id, offset });
    } catch (error) {
      throw isMissing(error) ? ERRORS.FILE_NOT_FOUND : error;
    }
  }

  override async write(stream: Readable, id: string, offset: number): Promise<number> {
    const state = this.#hashes.get(id) ?? { hash: createHash("sha256"), bytes: 0 };
    const isWhole = state.bytes === offset;
    if (isWhole) this.#hashes.set(id, state);
    else this.#hashes.delete(id);
    const file = createWriteStream(this.#path(id), { flags: "r+", start: offset });
    const failed = once(file, "error").then(([error]) => Promise.reject(error));
    failed.catch(() => {});
    let end = offset;
    try {
      for await (const chunk of stream) {
        if (!file.write(chunk)) await Promise.race([once(file, "drain"), failed]);
        end += chunk.length;
        if (isWhole) state.hash.update(chunk);
      }
    } finally {
      // What arrived before a connection broke is kept.
      file.end();
      await Promise.race([once(file, "close"), failed]);
      state.bytes = end;
    }
    return end;
  }

  override async remove(id: string): Promise<void> {
    const path = this.#path(id);
    this.#hashes.delete(id);
    for (const name of [`${path}.new`, `${path}.json`, path]) await rm(name, { force: true });
  }

  /** The file of an upload; `undefined` if there is no such upload, or if it is not complete. */
  async received(id: string): Promise<ReceivedFile | undefined> {
    if (!idForm.test(id)) return undefined;
    const upload = await this.getUpload(id).catch((error) => {
      if (error === ERRORS.FILE_NOT_FOUND) return undefined;
      throw error;
    });
    if (upload?.size === undefined || upload.offset !== upload.size) return undefined;
    const path = this.#path(id);
    const state = this.#hashes.get(id);
    const sha256 = state?.bytes === upload.size ? state.hash.copy().digest("hex") : await sha256OfFile(path);
    return { path, sha256, size: upload.size };
  }

  #path(id: string): string {
    if (!idForm.test(id)) throw ERRORS.FILE_NOT_FOUND;
    return join(this.#folder, id);
  }

  async #removeAbandoned(): Promise<void> {
    const names = await readdir(this.#folder);
    for (const id of names.filter((name) => idForm.test(name))) {
      const found = await stat(join(this.#folder, id)).catch(() => undefined);
      if (found && Date.now() - found.mtimeMs > longestPause) await this.remove(id);
    }
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
