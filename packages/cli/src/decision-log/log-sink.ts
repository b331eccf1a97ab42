import { constants, fstatSync, openSync } from "node:fs";
import { isatty } from "node:tty";
import sonicBoom from "sonic-boom";
import type { OutputStream } from "../terminal/terminal.ts";

/** Where lines go; never throws, never blocks, and holds only a bounded number of them. */
export interface LogSink {
  /** Writes a line; one that `canWait` is written within a moment, together with others. */
  write(line: string, canWait: boolean): void;
  /** Waits briefly for the lines that are not written yet, then discards them. */
  end(): Promise<void>;
}

const mostWaiting = 16 * 1024 * 1024;
const longestFlush = 1000;
/** In milliseconds. A write for each line would take as much processor time as everything else in a small request. */
const longestDelay = 20;
/** In characters. */
const mostTogether = 16 * 1024;

/**
 * Creates a sink that can delay neither a download nor the end of the program.
 *
 * Node writes to pipes and terminals synchronously: a reader that stalls, or a terminal that is
 * stopped (Ctrl-S, a screen session nobody reads), would stall the server. So a real
 * descriptor is written to from the thread pool, and lines are dropped when too many wait; a full
 * disk or a closed pipe is only an event, which is ignored.
 */
export function createLogSink(stream: OutputStream): LogSink {
  const { fd } = stream as { fd?: unknown };
  return typeof fd === "number" ? descriptorSink(fd) : streamSink(stream);
}

// Not pino's own destination: when the process exits, that writes the rest synchronously, and retries forever if the
// disk is full.
function descriptorSink(fd: number): LogSink {
  let hasEnded = false;
  let isIdle = true;
  let collected = "";
  let timer: NodeJS.Timeout | undefined;
  const destination = new sonicBoom.SonicBoom({
    fd: withoutBlocking(fd),
    sync: false,
    maxLength: mostWaiting,
    retryEAGAIN: () => !hasEnded,
  });
  destination.on("error", () => {});
  destination.on("drain", () => {
    isIdle = true;
  });
  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (collected === "") return;
    isIdle = false;
    destination.write(collected);
    collected = "";
  }
  return {
    write(line, canWait) {
      if (hasEnded) return;
      collected += line;
      if (!canWait || collected.length >= mostTogether) flush();
      else timer ??= setTimeout(flush, longestDelay);
    },
    async end() {
      flush();
      if (!isIdle) {
        await new Promise<void>((resolve) => {
          const deadline = setTimeout(resolve, longestFlush);
          const done = (): void => {
            clearTimeout(deadline);
            resolve();
          };
          destination.once("drain", done);
          destination.once("error", done);
        });
      }
      hasEnded = true;
      destination.destroy();
    },
  };
}

/**
 * A thread that hangs while writing to a pipe or terminal that nobody reads cannot be ended. Linux can open the pipe or
 * terminal a second time, in a mode in which a write fails if there is no room.
 */
function withoutBlocking(fd: number): number {
  try {
    if (!fstatSync(fd).isFIFO() && !isatty(fd)) return fd;
    const mode = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
    return openSync(`/proc/self/fd/${fd}`, mode);
  } catch {
    return fd;
  }
}

function streamSink(stream: OutputStream): LogSink {
  stream.on("error", () => {});
  return {
    write(line) {
      if (stream.writable && stream.writableLength < mostWaiting) stream.write(line);
    },
    end: async () => {},
  };
}
