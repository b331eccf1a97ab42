import { mkdirSync, statSync } from "node:fs";

/**
 * Creates the folder of a cache, or checks an existing one. The checksums of the files are in the same folder, so
 * anyone who can write there decides what is served: it must belong to this user or to root, and must not be
 * writable by anyone else. Windows has no such owner and mode; there, only the access control list of the folder
 * counts.
 *
 * Throws an `Error` whose message is a sentence for the administrator.
 */
export function prepareCacheFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(folder);
  const self = process.getuid?.();
  if (self === undefined) return;
  if (uid !== self && uid !== 0)
    throw new Error(`${folder} belongs to another user, who could replace the files in it`);
  if ((mode & 0o022) !== 0) throw new Error(`${folder} can be written to by other users; run: chmod go-w ${folder}`);
}
