import fs from "node:fs";
import { OriginError } from "../origin-error.ts";

/** Why a transfer was aborted, or restarted if no byte was sent yet. */
export function fileChanged(): OriginError {
  const problem = "the file was changed while it was being sent; replace files by renaming new ones over the old";
  return new OriginError(503, problem, true);
}

/** Reads exactly `length` bytes into a buffer, or fewer where the file ends; resolves with how many. */
export function readBlock(fd: number, buffer: Uint8Array, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let done = 0;
    const readOn = (): void => {
      fs.read(fd, buffer, done, length - done, position + done, (error, bytesRead) => {
        if (error) return reject(error);
        done += bytesRead;
        if (bytesRead === 0 || done === length) resolve(done);
        else readOn();
      });
    };
    readOn();
  });
}

/** The same without a thread, for bytes that are in memory. */
export function readBlockNow(fd: number, buffer: Uint8Array, length: number, position: number): number {
  let done = 0;
  while (done < length) {
    const bytesRead = fs.readSync(fd, buffer, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
