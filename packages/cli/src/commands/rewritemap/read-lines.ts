import type { Readable } from "node:stream";

const longestLine = 64 * 1024;
const newline = 0x0a;

/**
 * Splits a stream into lines as soon as each is complete; a line that is too long is `undefined`. Bytes are read as
 * Latin-1, so that each of them is one character.
 */
export async function* readLines(stream: Readable): AsyncGenerator<string | undefined> {
  let line = "";
  let isTooLong = false;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let start = 0;
    while (start < chunk.length) {
      const end = chunk.indexOf(newline, start);
      const piece = chunk.subarray(start, end === -1 ? chunk.length : end);
      isTooLong ||= line.length + piece.length > longestLine;
      line = isTooLong ? "" : line + piece.toString("latin1");
      if (end === -1) break;
      yield isTooLong ? undefined : line.replace(/\r$/, "");
      line = "";
      isTooLong = false;
      start = end + 1;
    }
  }
}
