import { readdirSync, readlinkSync } from "node:fs";

/**
 * How many files in a folder this process has open, on Linux. The number of all descriptors would not be reliable, because
 * those that earlier tests left open can be closed at any time.
 */
export function openDescriptors(folder: string): number {
  return readdirSync("/proc/self/fd").filter((descriptor) => pathOf(descriptor).startsWith(`${folder}/`)).length;
}

/** The path of a descriptor; empty if it has just been closed, as has the descriptor of the list itself. */
function pathOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return "";
  }
}
