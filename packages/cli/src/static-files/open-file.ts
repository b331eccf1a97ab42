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

/** There is nothing to serve: a client learns no more than that. */
export interface NoFile {
  readonly handle?: undefined;
  /** Why not, if it is something that whoever runs the server can mend. */
  readonly problem?: string;
}

// O_NONBLOCK: opening a named pipe must not wait for its other end.
const readOnly = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file below a folder, if there is one that may be served.
 *
 * Rejects only if the system fails, such as with too many open files, or without the folder itself.
 */
export async function openFile(folder: string, segments: readonly string[]): Promise<OpenFile | NoFile> {
  const root = await realpath(folder);
  for (const name of spellings(segments)) {
    const found = await openBelow(root, name);
    if (found.handle || found.problem !== undefined) return found;
  }
  return {};
}

/**
 * As it was asked for, then composed, then decomposed: macOS writes "ü" as two characters into the
 * names of files, keeps them so on other file systems, and takes both for the same; a link has one.
 */
function spellings(segments: readonly string[]): ReadonlySet<string> {
  const name = segments.join(sep);
  return new Set([name, name.normalize("NFC"), name.normalize("NFD")]);
}

/**
 * Symbolic links are followed as long as they stay inside; what counts is the file that was really
 * opened: it is compared with what the resolved path names afterwards, so that a link swapped in
 * between leads nowhere.
 */
async function openBelow(root: string, name: string): Promise<OpenFile | NoFile> {
  let handle: FileHandle | undefined;
  try {
    const path = await realpath(join(root, name));
    if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) {
      return { problem: "it is a link that leads out of the folder" };
    }
    handle = await open(path, readOnly);
    const stat = await handle.stat({ bigint: true });
    const named = await lstat(path, { bigint: true });
    const isSame = named.ino === stat.ino && named.dev === stat.dev;
    if (!stat.isFile() || !isSame || (await realpath(path)) !== path) {
      await handle.close();
      return {};
    }
    return { handle, size: Number(stat.size), modified: stat.mtime, etag: entityTag(stat) };
  } catch (error) {
    await handle?.close();
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM") return { problem: "the user that this runs as may not read it" };
    if (absences.includes(code)) return {};
    throw error;
  }
}

/** The ETag of a file as it is: one that is written to, even in place and to the same size, gets another. */
export function entityTag({ size, mtimeNs }: { readonly size: bigint; readonly mtimeNs: bigint }): string {
  return `"${size.toString(36)}-${mtimeNs.toString(36)}"`;
}

/** There is nothing to serve, as opposed to a disk or a system that fails. */
const absences = ["ENOENT", "ENOTDIR", "EISDIR", "ELOOP", "ENAMETOOLONG", "ENXIO", "ENODEV", "EINVAL"];
