import fs from "node:fs";

/** Why a transfer was broken off, for the log. */
export const changedMessage = "the file was changed while it was sent; replace files by renaming new ones over the old";

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
