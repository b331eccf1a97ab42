import fs from "node:fs";
import type { FileStat } from "./confinement.ts";

/** How long, in milliseconds, the kernel is assumed to remember an opened file. */
const warmth = 1000;
const mostRemembered = 10_000;
const openedAt = new Map<string, number>();
const isLocalDevice = new Map<bigint, boolean>();

/**
 * `f_type` of file systems on local disks, from Linux's `magic.h`: ext4, XFS, Btrfs, tmpfs, overlayfs, ZFS, F2FS,
 * bcachefs.
 */
const localFileSystems = [0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010, 0xca451a4e];

/**
 * Whether a file was opened a moment ago, so that it can be opened again without waiting for the disk.
 *
 * Passing a system call to the thread pool takes ten times as long as the call itself if the call does not wait for
 * anything. This is used only on Linux, and only for local disks: a file server can stop responding between two
 * requests, and then a call outside the thread pool would block everything.
 */
export function isWarm(path: string): boolean {
  const opened = openedAt.get(path);
  return opened !== undefined && performance.now() - opened < warmth;
}

/** Call this with every regular file that was opened. */
export function noteOpened(path: string, { dev }: FileStat): void {
  let isLocal = isLocalDevice.get(dev);
  if (isLocal === undefined) {
    isLocal = process.platform === "linux" && isOnLocalDisk(path);
    isLocalDevice.set(dev, isLocal);
  }
  if (!isLocal) return;
  if (openedAt.size >= mostRemembered) openedAt.clear();
  openedAt.set(path, performance.now());
}

/** Deno allows this call only with `--allow-sys`; and the file might have been removed since it was opened. */
function isOnLocalDisk(path: string): boolean {
  try {
    return localFileSystems.includes(fs.statfsSync(path).type >>> 0);
  } catch {
    return false;
  }
}
