import { readdirSync, readFileSync } from "node:fs";

/** User and system time of processes with all their threads, in microseconds. Linux counts it in nanoseconds. */
export function processorTime(pids) {
  let nanoseconds = 0;
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ", 1)[0]);
    }
  }
  return nanoseconds / 1000;
}

/** The child processes of a process, without their own children. */
export function childrenOf(pid) {
  const found = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1").trim().split(" "),
  );
  return found.filter(Boolean).map(Number);
}
