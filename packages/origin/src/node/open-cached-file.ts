import fs from "node:fs";
import type { FileStat } from "./confinement.ts";
import { isWarm, noteOpened } from "./warm-files.ts";

/** A stored file that is open. */
export interface CachedFile {
  readonly fd: number;
  readonly stat: FileStat;
  readonly isWarm: boolean;
}

/** Opens a stored file; `undefined` if it was evicted, perhaps by another process, or has another size. */
export function openCachedFile(path: string, size: number): CachedFile | undefined {
  try {
    const wasWarm = isWarm(path);
    const fd = fs.openSync(path, "r");
    const stat = fs.fstatSync(fd, { bigint: true });
    if (Number(stat.size) === size) {
      noteOpened(path, stat);
      return { fd, stat, isWarm: wasWarm };
    }
    fs.closeSync(fd);
  } catch {
    // The origin still has it.
  }
  return undefined;
}
