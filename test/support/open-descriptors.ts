import { readdirSync, readlinkSync } from "node:fs";

/**
 * How many files of a folder this process has open, on Linux. Not how many descriptors it has in all: what earlier tests
 * have left is closed at any time.
 */
export function openDescriptors(folder: string): number {
  return readdirSync("/proc/self/fd").filter((descriptor) => pathOf(descriptor).startsWith(`${folder}/`)).length;
}

/** Empty for what has just been closed, such as the descriptor of the list itself. */
function pathOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return "";
  }
}
