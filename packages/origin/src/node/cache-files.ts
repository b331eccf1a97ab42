import { readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";

/** The files of a cache, including those of other processes in the same folder. */
export interface CacheFiles {
  /** Bytes that are stored or being stored. */
  storedBytes(): Promise<number>;
  /**
   * Removes the least recently used files until the others fit. `false` if they do not fit, because all of them are
   * still being stored.
   */
  makeRoom(): Promise<boolean>;
}

interface StoredFile {
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly used: number;
}

/** A partial file that has not been written to for this long, in milliseconds, belongs to a process that ended. */
const abandonedAfter = 10 * 60_000;

/** Counts and removes the files of a folder; `now` in milliseconds. */
export function createCacheFiles(folder: string, maxBytes: number, now: () => number, evicted: () => void): CacheFiles {
  async function storedFiles(): Promise<StoredFile[]> {
    const found: StoredFile[] = [];
    for (const name of await readdir(folder)) {
      if (!/\.(data|partial)$/.test(name)) continue;
      const path = join(folder, name);
      const stats = await stat(path).catch(() => undefined);
      if (!stats) continue;
      const isAbandoned = name.endsWith(".partial") && now() - stats.mtimeMs > abandonedAfter;
      if (isAbandoned) await unlink(path).catch(() => {});
      else found.push({ path, size: stats.size, used: await lastUse(name) });
    }
    return found;
  }

  /** The access time of an entry says when its file was last requested; a file without an entry is useless. */
  async function lastUse(name: string): Promise<number> {
    const entry = await stat(join(folder, `${name.split("-", 1)[0]}.json`)).catch(() => undefined);
    return entry?.atimeMs ?? 0;
  }

  /** An entry is written after its file, so an entry without a file belongs to a file that was evicted. */
  async function removeEntriesWithoutFile(): Promise<void> {
    const names = await readdir(folder);
    const withFile = new Set(names.filter((name) => name.endsWith(".data")).map((name) => name.split("-", 1)[0]));
    for (const name of names) {
      if (name.endsWith(".json") && !withFile.has(name.slice(0, -".json".length))) {
        await unlink(join(folder, name)).catch(() => {});
      }
    }
  }

  return {
    async storedBytes() {
      return (await storedFiles()).reduce((sum, { size }) => sum + size, 0);
    },
    async makeRoom() {
      const files = await storedFiles();
      let total = files.reduce((sum, { size }) => sum + size, 0);
      for (const { path, size } of files.sort((one, other) => one.used - other.used)) {
        if (total <= maxBytes) break;
        if (path.endsWith(".partial")) continue;
        await unlink(path).catch(() => {});
        total -= size;
        evicted();
      }
      await removeEntriesWithoutFile();
      return total <= maxBytes;
    },
  };
}
