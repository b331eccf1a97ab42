import { constants } from "node:fs";
import { type FileHandle, lstat, open, realpath } from "node:fs/promises";
import { join, sep } from "node:path";

/** A regular file inside the served folder, open; whoever gets it must close it. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly size: number;
  readonly modified: Date;
  /** A strong validator (RFC 9110 section 8.8.3), the same on servers that hold the same copy. */
  readonly etag: string;
}

// O_NONBLOCK: opening a named pipe must not wait for its other end.
const readOnly = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file below a folder, or returns `undefined` if there is none that may be served.
 *
 * Symbolic links are followed as long as they stay inside; what counts is the file that was really
 * opened: it is compared with what the resolved path names afterwards, so that a link swapped in
 * between leads nowhere.
 *
 * Rejects only if the system fails, such as with too many open files.
 */
export async function openFile(folder: string, segments: readonly string[]): Promise<OpenFile | undefined> {
  let handle: FileHandle | undefined;
  try {
    const root = await realpath(folder);
    const path = await realpath(join(root, ...segments));
    if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
    handle = await open(path, readOnly);
    const stat = await handle.stat({ bigint: true });
    const named = await lstat(path, { bigint: true });
    const isSame = named.ino === stat.ino && named.dev === stat.dev;
    if (!stat.isFile() || !isSame || (await realpath(path)) !== path) {
      await handle.close();
      return undefined;
    }
    return { handle, size: Number(stat.size), modified: stat.mtime, etag: entityTag(stat) };
  } catch (error) {
    await handle?.close();
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/** The ETag of a file as it is: one that is written to, even in place and to the same size, gets another. */
export function entityTag({ size, mtimeNs }: { readonly size: bigint; readonly mtimeNs: bigint }): string {
  return `"${size.toString(36)}-${mtimeNs.toString(36)}"`;
}

const absences = [
  "ENOENT",
  "ENOTDIR",
  "EISDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "EACCES",
  "EPERM",
  "ENXIO",
  "ENODEV",
  "EINVAL",
];

/** Whether there is nothing to serve, as opposed to a disk or a system that fails. */
function isAbsence(error: unknown): boolean {
  return absences.includes((error as NodeJS.ErrnoException).code ?? "");
}
