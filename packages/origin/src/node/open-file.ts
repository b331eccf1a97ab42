import fs from "node:fs";
import { join } from "node:path";
import type { Missing } from "../origin.ts";
import { type FileStat, pathOfDescriptor, realRoot, recentRoot, resolvesInside } from "./confinement.ts";
import { isWarm, noteOpened } from "./warm-files.ts";

/** An open regular file inside the folder. Its opener must close it. */
export interface OpenFile {
  readonly fd: number;
  readonly stat: FileStat;
  /** Whether it was opened a moment ago as well. */
  readonly isWarm: boolean;
  /** Whether the bytes that were read so far belong to the version that was opened. */
  isUnchanged(): boolean;
  close(): void;
}

const { O_RDONLY, O_NONBLOCK = 0, O_NOCTTY = 0 } = fs.constants;
// O_NONBLOCK: opening a named pipe must not wait for its other end.
const readOnly = O_RDONLY | O_NONBLOCK | O_NOCTTY;

/**
 * Opens a file below a folder, if it is allowed to be served. Symbolic links are followed as long as they stay inside.
 *
 * Only the open itself goes through the thread pool, and only if the file is not warm. The system calls after it
 * concern what the kernel has just looked up, and take less time than passing them to a thread.
 *
 * Rejects only if the system fails, for example because too many files are open, or if the folder itself is missing.
 */
export async function openFile(folder: string, name: string): Promise<OpenFile | Missing> {
  const path = join(folder, name);
  const wasWarm = isWarm(path);
  let fd: number;
  try {
    fd = wasWarm ? fs.openSync(path, readOnly) : await open(path);
  } catch (error) {
    return missing(error as NodeJS.ErrnoException, folder);
  }
  try {
    const stat = fs.fstatSync(fd, { bigint: true });
    const real = pathOfDescriptor(fd);
    if (!isInside(folder, path, real, stat)) {
      fs.closeSync(fd);
      return { found: false, status: 404, problem: "it is a symbolic link to a file outside the folder" };
    }
    if (!stat.isFile()) {
      fs.closeSync(fd);
      return { found: false, status: 404 };
    }
    noteOpened(path, stat);
    let isOpen = true;
    const close = (): void => {
      // A second close could close another file that has received the descriptor's number since.
      if (isOpen) fs.closeSync(fd);
      isOpen = false;
    };
    return { fd, stat, isWarm: wasWarm, isUnchanged: () => isUnchanged(fd, stat, real), close };
  } catch (error) {
    fs.closeSync(fd);
    return missing(error as NodeJS.ErrnoException, folder);
  }
}

function isInside(folder: string, path: string, real: string | undefined, stat: FileStat): boolean {
  if (real === undefined) return resolvesInside(path, realRoot(folder), stat);
  // The folder might be a link that has just been switched.
  return real.startsWith(recentRoot(folder)) || real.startsWith(realRoot(folder));
}

function open(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(path, readOnly, (error, fd) => (error ? reject(error) : resolve(fd)));
  });
}

/**
 * A write sets both times. If the writer then resets the modification time, the change time still moves. A rename or a
 * deletion, by which versions are replaced, moves the change time too, without touching the bytes; but it also changes
 * the path of the descriptor or the number of links. A changed mode or owner counts as a write: aborting is safe,
 * because the client resumes.
 */
function isUnchanged(fd: number, before: FileStat, path: string | undefined): boolean {
  const now = fs.fstatSync(fd, { bigint: true });
  if (now.size !== before.size || now.mtimeNs !== before.mtimeNs) return false;
  return now.ctimeNs === before.ctimeNs || now.nlink !== before.nlink || pathOfDescriptor(fd) !== path;
}

const absences = ["ENOENT", "ENOTDIR", "EISDIR", "ELOOP", "ENAMETOOLONG", "ENXIO", "ENODEV", "EINVAL"];

/** These errors mean that there is nothing to serve, not that the disk or the system fails. */
function missing(error: NodeJS.ErrnoException, folder: string): Missing {
  const { code = "" } = error;
  if (code === "EACCES" || code === "EPERM") {
    return { found: false, status: 404, problem: "the user that this process runs as cannot read it" };
  }
  if (!absences.includes(code)) throw error;
  realRoot(folder); // throws if the folder itself is missing
  return { found: false, status: 404 };
}
