import { randomBytes } from "node:crypto";

const mostPerMillisecond = 0x1000;

/**
 * Creates the function that returns receipt IDs: UUIDs of version 7 (RFC 9562 section 5.7), so that those of one process
 * are in the order in which they were created, even within a second; `now` in seconds.
 */
export function createReceiptIds(now: () => number): () => string {
  let milliseconds = 0;
  let counter = 0;
  return () => {
    const time = Math.floor(now() * 1000);
    counter += 1;
    // The order stays if the clock is set back (section 6.2, method 1).
    if (time > milliseconds || counter === mostPerMillisecond) {
      milliseconds = Math.max(time, milliseconds + 1);
      counter = 0;
    }
    const head = milliseconds.toString(16).padStart(12, "0");
    const random = randomBytes(8);
    random[0] = ((random[0] ?? 0) & 0x3f) | 0x80;
    const tail = random.toString("hex");
    const version = `7${counter.toString(16).padStart(3, "0")}`;
    return `${head.slice(0, 8)}-${head.slice(8)}-${version}-${tail.slice(0, 4)}-${tail.slice(4)}`;
  };
}
