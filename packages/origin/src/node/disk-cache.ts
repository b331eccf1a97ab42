import fs from "node:fs";
import { stat, unlink, utimes } from "node:fs/promises";
import type { ByteRange, Missing, ObjectFacts, OpenOptions, Origin, OriginObject } from "../origin.ts";
import { type CacheEntry, dataFile, entryDataFile, entryFile, readEntry, writeEntry } from "./cache-entry.ts";
import { createCacheFiles } from "./cache-files.ts";
import { type CacheFill, detached, startFill } from "./cache-fill.ts";
import { prepareCacheFolder } from "./cache-folder.ts";
import { readChecked } from "./cache-read.ts";
import type { FileObject } from "./folder.ts";
import { type CachedFile, openCachedFile } from "./open-cached-file.ts";

/** Where a cache is stored, and its limits. */
export interface DiskCacheOptions {
  /** Where the files are stored. Created if missing, readable by this user only; an existing folder must not be writable by others. */
  readonly folder: string;
  /** The maximum size of the stored files, in bytes. The least recently used files are removed first. */
  readonly maxBytes: number;
  /** Whether stored files are served while the origin cannot be reached. Default `true`. */
  readonly serveStale?: boolean | undefined;
  /**
   * How long, in milliseconds, a stored file is served before the origin is asked again whether it is current. Default
   * 0: the origin is asked on every request. Until then a file that was replaced or removed at the origin is still
   * served, with the header `Age`.
   */
  readonly checkInterval?: number | undefined;
  /** Called with each decision, for metrics. */
  readonly onEvent?: ((event: CacheEvent) => void) | undefined;
  /** Milliseconds since 1970; for tests. */
  readonly now?: (() => number) | undefined;
}

/** What the cache did; `problem` is something that the administrator can fix. */
export type CacheEvent =
  | { readonly kind: "hit" | "miss" | "stale" | "eviction" }
  | { readonly kind: "problem"; readonly problem: string };

/** A cache in front of an origin. */
export interface DiskCache extends Origin {
  /** Bytes that are stored, by this process and others. */
  storedBytes(): Promise<number>;
  /** Resolves when no download into the cache is in progress. */
  idle(): Promise<void>;
}

/** How long an origin that could not be reached is not asked again, in milliseconds: clients must not wait each time. */
const restAfterFailure = 10_000;
const mostRemembered = 10_000;
/** The entries in memory hold at most about this many checksums, 44 bytes each. */
const mostRecentBlocks = 100_000;
/** The time of use is written to disk at most this often, in milliseconds. */
const touchInterval = 1000;

/** An entry in memory: reading it again would take longer than everything else for a small file. */
interface RecentEntry {
  readonly entry: CacheEntry;
  /** When the time of use was last written to the disk, and when the origin last confirmed the version: milliseconds since 1970. */
  touched: number;
  confirmed: number;
}

/**
 * Keeps the files of a slow or distant origin on disk, for a branch office. Unless `checkInterval` is set, the origin
 * is asked on every request, so that what is served is current; only bytes come from the cache.
 *
 * A first download is stored while it is sent: any number of clients share one request to the origin. Files appear in
 * the cache by renaming, so a crash leaves none that is incomplete, and several processes can share one folder. Each
 * block is checked against its SHA-256 once by each process before it is sent; a damaged file is dropped and read from
 * the origin. Objects without a strong ETag are not cached.
 *
 * Throws an `Error` if the folder cannot be created, belongs to another user, or can be written to by others.
 */
export function diskCache(origin: Origin, options: DiskCacheOptions): DiskCache {
  const { folder, maxBytes, serveStale = true, checkInterval = 0, onEvent = () => {}, now = Date.now } = options;
  const files = createCacheFiles(folder, maxBytes, now, () => onEvent({ kind: "eviction" }));
  const fills = new Map<string, CacheFill>();
  const checked = new Map<string, Set<number>>();
  const recent = new Map<string, RecentEntry>();
  let recentBlocks = 0;
  let unreachableSince = 0;
  let unreachable: Missing | undefined;
  const dataPath = (entry: CacheEntry): string => entryDataFile(folder, entry);
  prepareCacheFolder(folder);

  async function open(name: string, openOptions?: OpenOptions): Promise<OriginObject | Missing> {
    const known = recent.get(name);
    if (known && isWithin(known.confirmed, checkInterval)) {
      const { entry, confirmed } = known;
      const data = openCachedFile(dataPath(entry), entry.size);
      if (data) return hit(detached(origin, { ...factsOf(entry), age: ageOf(confirmed) }), entry, data, confirmed);
    }
    const asked = now();
    const object = isResting() ? (unreachable as Missing) : await origin.open(name, openOptions);
    if (!object.found) return object.status === 503 && serveStale ? openStale(name, object) : object;
    unreachable = undefined;
    const { etag, size } = object;
    if (etag === undefined || size > maxBytes || size === 0) return object;
    const entry = isVersion(known?.entry, object) ? known?.entry : await readEntry(folder, name);
    const data = entry && isVersion(entry, object) ? openCachedFile(dataPath(entry), entry.size) : undefined;
    if (entry && data) return hit(object, entry, data, asked);
    return withBytes(object, (range) => readThrough(object, etag, range), object.close);
  }

  function hit(object: OriginObject, entry: CacheEntry, data: CachedFile, confirmed: number): OriginObject {
    onEvent({ kind: "hit" });
    remember(entry, confirmed);
    return cachedObject(object, entry, data);
  }

  /** If the clock is set back, the time must not become longer. */
  function isWithin(since: number, milliseconds: number): boolean {
    const elapsed = now() - since;
    return elapsed >= 0 && elapsed < milliseconds;
  }

  /** Whole seconds. */
  function ageOf(confirmed: number): number {
    return Math.max(0, Math.round((now() - confirmed) / 1000));
  }

  function isResting(): boolean {
    return unreachable !== undefined && isWithin(unreachableSince, restAfterFailure);
  }

  /** The origin cannot be reached: stored files are served, and the log says so. */
  async function openStale(name: string, missing: Missing): Promise<OriginObject | Missing> {
    if (!isResting()) {
      unreachable = missing;
      unreachableSince = now();
    }
    const entry = await readEntry(folder, name);
    const stats = await stat(entryFile(folder, name)).catch(() => undefined);
    // This comes last, because if anything failed after it, the descriptor would never be closed.
    const data = entry && stats && openCachedFile(dataPath(entry), entry.size);
    if (!entry || !stats || !data) return missing;
    onEvent({ kind: "stale" });
    const age = ageOf(stats.mtimeMs);
    const problem = `${missing.problem ?? "the origin is unavailable"}; served from the cache, last checked ${age} s ago`;
    return cachedObject({ ...factsOf(entry), age, problem, read: noMore, close() {} }, entry, data);
  }

  /** An object whose bytes are on disk. Once all of its blocks have been checked, `sendObject` sends it as a file. */
  function cachedObject(object: OriginObject, entry: CacheEntry, { fd, stat, isWarm }: CachedFile): OriginObject {
    const version = `${stat.ino} ${stat.size} ${stat.ctimeNs}`;
    if (checked.size > mostRemembered) checked.clear();
    const good = checked.get(version) ?? new Set<number>();
    checked.set(version, good);
    let isOpen = true;
    const close = (): void => {
      if (isOpen) fs.closeSync(fd);
      isOpen = false;
      object.close();
    };
    const damaged = (): void => {
      onEvent({ kind: "problem", problem: `the cached copy of ${entry.name} is damaged and will be fetched again` });
      recent.delete(entry.name);
      unlink(dataPath(entry)).catch(() => {});
    };
    const read = (range: ByteRange) => readChecked({ fd, entry, good, range, close, damaged, object });
    const cached = withBytes(object, read, close);
    if (good.size < entry.blocks.length) return cached;
    const file = { fd, stat, isWarm, isUnchanged: () => true, close };
    return { ...cached, file } as FileObject;
  }

  /** The bytes of a version that is not stored yet: they are stored while they are sent. */
  function readThrough(object: OriginObject, etag: string, range: ByteRange): ReadableStream<Uint8Array<ArrayBuffer>> {
    const file = dataFile(folder, object.name, etag, object.size);
    let fill = fills.get(file);
    if (!fill) {
      onEvent({ kind: "miss" });
      fill = startFill(detached(origin, object, requireRoom), file);
      fills.set(file, fill);
      fill.completed
        .then((blocks) => store(object, etag, blocks))
        .catch((error: Error) => {
          onEvent({ kind: "problem", problem: `the cache could not store ${object.name}: ${error.message}` });
        })
        .finally(() => fills.delete(file));
    }
    return fill.read(range, object);
  }

  async function requireRoom(): Promise<void> {
    if (!(await files.makeRoom())) throw new Error("files that are still being stored leave no room for this file");
  }

  /** Makes a complete file the version that is served from now on. */
  async function store(object: OriginObject, etag: string, blocks: readonly string[]): Promise<void> {
    const { name, size, contentType, modified } = object;
    const previous = await readEntry(folder, name);
    await writeEntry(folder, { name, size, etag, modified: modified?.getTime(), contentType, blocks });
    if (previous && (previous.etag !== etag || previous.size !== size)) {
      await unlink(dataFile(folder, name, previous.etag, previous.size)).catch(() => {});
    }
    await files.makeRoom();
  }

  /** The entry file's access time says when it was last used, its modification time when it was last confirmed. */
  function remember(entry: CacheEntry, confirmed: number): void {
    const before = recent.get(entry.name);
    const isKnown = before?.entry === entry;
    let touched = isKnown ? before.touched : 0;
    if (!isWithin(touched, touchInterval)) {
      touched = now();
      utimes(entryFile(folder, entry.name), touched / 1000, confirmed / 1000).catch(() => {});
    }
    if (isKnown) return void Object.assign(before, { touched, confirmed });
    if (recentBlocks > mostRecentBlocks) {
      recent.clear();
      recentBlocks = 0;
    }
    recentBlocks += entry.blocks.length;
    recent.set(entry.name, { entry, touched, confirmed });
  }

  return {
    open,
    storedBytes: files.storedBytes,
    async idle() {
      await Promise.allSettled([...fills.values()].map(({ completed }) => completed));
      while (fills.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}

function isVersion(entry: CacheEntry | undefined, { etag, size }: ObjectFacts): boolean {
  return entry?.etag === etag && entry?.size === size;
}

function factsOf({ name, size, etag, modified, contentType }: CacheEntry): Omit<OriginObject, "read" | "close"> {
  return {
    found: true,
    name,
    size,
    etag,
    modified: modified === undefined ? undefined : new Date(modified),
    contentType,
  };
}

/** The same object with bytes from elsewhere. No other member is copied: a folder's `file` would be sent instead. */
function withBytes(object: OriginObject, read: OriginObject["read"], close: () => void): OriginObject {
  const { found, name, size, etag, modified, contentType, age, problem } = object;
  return { found, name, size, etag, modified, contentType, age, problem, read, close };
}

function noMore(): never {
  throw new Error("the cached copy is damaged, and the origin cannot be reached");
}
