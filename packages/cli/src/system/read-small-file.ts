import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";

/** No link, key or manifest is so large; what is, is another file, or has no end as `/dev/zero` has none. */
const mostBytes = 16 * 1024 * 1024;

/** Reads a file that can only be small. */
export function readSmallFile(name: string): Promise<Buffer> {
  return readSmall(createReadStream(name));
}

/** Reads a stream that can only be short. */
export async function readSmall(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    if (length > mostBytes) throw new Error("it has more than 16 MiB, so it is no link, token, key or manifest");
  }
  return Buffer.concat(chunks);
}
