import type { ServerResponse } from "node:http";

/** Bytes that can wait for the connection, so that it has something to send while the next bytes come from the origin. */
const mostWaiting = 128 * 1024;

/**
 * Sends a stream of exactly `length` bytes, no faster than the client reads. The last piece is held back until the
 * stream has ended without an error, so that a body that fails never looks complete. Rejects if the stream fails or has
 * another length; a client that disconnects cancels it.
 */
export async function sendStream(
  response: ServerResponse,
  stream: ReadableStream<Uint8Array>,
  length: number,
  begin: () => void,
  wrote: (bytes: number) => void,
): Promise<void> {
  const reader = stream.getReader();
  let wake = (): void => {};
  const onDrain = (): void => wake();
  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  response.on("drain", onDrain);
  response.once("close", () => {
    reader.cancel().catch(() => {});
    wake();
  });
  let held: Uint8Array | undefined;
  let left = length;
  for (;;) {
    const { done, value } = await reader.read();
    if (response.destroyed) return;
    if (value) left -= value.length;
    if (left < 0 || (done && left > 0))
      throw new Error("the origin sent a different number of bytes than it announced");
    if (!response.headersSent) begin();
    if (held || done) {
      wrote(held?.length ?? 0);
      if (done) {
        response.end(held);
        return;
      }
      if (held && !response.write(held) && response.writableLength > mostWaiting) {
        if (response.destroyed) return;
        await drained();
      }
    }
    held = value;
  }
}
