import { readFileSync } from "node:fs";

// Listening sockets, watches, the log and what Node itself keeps open.
const reserved = 50;

/**
 * How many connections fit into the descriptors that the system grants, two for each: a connection
 * and its file. Accepting more would leave none to open a file with, and fail everybody's download.
 * `undefined` where the system does not say.
 */
export function affordableConnections(): number | undefined {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
    return soft === undefined ? undefined : Math.max(1, Math.floor((Number(soft) - reserved) / 2));
  } catch {
    return undefined;
  }
}
