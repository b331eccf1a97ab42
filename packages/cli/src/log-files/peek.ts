/** Reads the first bytes of a stream, and also returns the whole stream. */
export async function peek(
  chunks: AsyncGenerator<Buffer>,
  length: number,
): Promise<readonly [start: Buffer, all: AsyncGenerator<Buffer>]> {
  let start: Buffer = Buffer.alloc(0);
  while (start.length < length) {
    const next = await chunks.next();
    if (next.done) break;
    start = Buffer.concat([start, next.value]);
  }
  async function* all(): AsyncGenerator<Buffer> {
    if (start.length > 0) yield start;
    yield* chunks;
  }
  return [start, all()];
}
