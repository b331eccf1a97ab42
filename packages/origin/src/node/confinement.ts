import fs from "node:fs";
import { dirname, sep } from "node:path";

/** What distinguishes one file from another, and one version of a file from the next. */
export type FileStat = fs.BigIntStats;

/**
 * The real path of a descriptor's file, as the kernel knows it; `undefined` if there is no `/proc`.
 *
 * This, not the name that was opened, is what confinement checks: a folder that is swapped with a symbolic link while
 * files are opened makes every check of a name true at one moment and false at the next. Paths are compared byte for
 * byte (as latin1), because two names that are not UTF-8 can look alike as text.
 */
export function pathOfDescriptor(fd: number): string | undefined {
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`, "latin1");
  } catch {
    return undefined;
  }
}

/** The real path of the folder, byte for byte. Throws if there is no such folder. */
export function realRoot(folder: string): string {
  const root = fs.realpathSync.native(folder, "latin1");
  return root.endsWith(sep) ? root : root + sep;
}

/** How long, in milliseconds, the real path of a folder is assumed not to change. */
const rootTrust = 100;
const roots = new Map<string, { readonly root: string; readonly since: number }>();

/**
 * The same, looked up at most ten times a second: a lookup costs as much as opening a file. If the folder itself is a
 * link that is switched to another folder, links between the two folders might still be followed for this long; whether
 * an opened file is inside is checked each time.
 */
export function recentRoot(folder: string, now: number = performance.now()): string {
  const known = roots.get(folder);
  if (known && now - known.since < rootTrust) return known.root;
  const root = realRoot(folder);
  roots.set(folder, { root, since: now });
  return root;
}

/**
 * Without `/proc` (macOS, Windows): whether a name resolves to a path inside the root, and every step of this path,
 * checked afterwards, is a real folder that leads to the same file that was opened.
 *
 * Someone who can write to the folder and swaps paths often enough can still win this race: Node has no `openat`.
 */
export function resolvesInside(path: string, root: string, opened: FileStat): boolean {
  const real = fs.realpathSync.native(path);
  const inside = Buffer.from(root, "latin1").toString();
  if (!real.startsWith(inside)) return false;
  const named = fs.lstatSync(real, { bigint: true });
  if (named.ino !== opened.ino || named.dev !== opened.dev) return false;
  for (let step = dirname(real); step.length > inside.length; step = dirname(step)) {
    if (!fs.lstatSync(step).isDirectory()) return false;
  }
  return fs.realpathSync.native(path) === real;
}
