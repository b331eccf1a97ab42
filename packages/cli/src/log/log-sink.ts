import pino from "pino";
import type { OutputStream } from "../command-line/context.ts";

/** Where lines go; never throws, never blocks, never keeps more than a bounded number of them. */
export interface LogSink {
  write(line: string): void;
  /** Waits a moment for what is still on its way. */
  end(): Promise<void>;
}

const mostWaiting = 16 * 1024 * 1024;
const longestFlush = 1000;

/**
 * Makes a sink that cannot stop a download.
 *
 * Node writes to a pipe synchronously: a reader that stalls would stall the server. So a real
 * descriptor is written from the thread pool, and lines are dropped when too many wait; a disk that
 * is full or a pipe that is closed is an event that is ignored.
 */
export function createLogSink(stream: OutputStream): LogSink {
  const { fd } = stream as { fd?: unknown };
  if (typeof fd !== "number" || stream.isTTY) return streamSink(stream);
  const destination = pino.destination({ dest: fd, sync: false, maxLength: mostWaiting });
  destination.on("error", () => {});
  return {
    write: (line) => void destination.write(line),
    end: () =>
      new Promise((resolve) => {
        setTimeout(resolve, longestFlush).unref();
        destination.flush(() => resolve());
      }),
  };
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
