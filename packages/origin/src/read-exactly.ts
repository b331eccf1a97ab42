import { asOriginError, connectionProblem, OriginError } from "./origin-error.ts";

/** A body that is about to be requested. */
export interface ExpectedBody {
  /** Bytes. */
  readonly length: number;
  /** Who sends it, for messages, such as `the bucket`. */
  readonly title: string;
  /** How long it can pause, in milliseconds. */
  readonly stallTimeout: number;
  /** Requests the body; called once, when the first byte is wanted. */
  open(): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  /** Ends the request, even if it is complete, in case cancelling the body is not enough. */
  stop?(): void;
}

/** A stream of exactly the announced number of bytes; it fails if there are fewer or more, or if they pause too long. */
export function readExactly(body: ExpectedBody): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { title, stallTimeout } = body;
  let missing = body.length;
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  let hasEnded = false;

  function end(): void {
    hasEnded = true;
    body.stop?.();
    reader?.cancel().catch(() => {});
  }

  async function next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    reader ??= (await body.open()).getReader();
    if (hasEnded) end(); // cancelled in the meantime
    const { value, done } = await withinTime(reader.read(), stallTimeout, title);
    missing -= value?.length ?? 0;
    if (missing < 0 || (done && missing > 0)) {
      throw new OriginError(502, `${title} sent ${missing < 0 ? "more" : "fewer"} bytes than it announced`);
    }
    return value;
  }

  return new ReadableStream({
    start(controller) {
      if (missing === 0) controller.close();
    },
    async pull(controller) {
      try {
        const value = await next();
        if (hasEnded) return;
        if (value) controller.enqueue(value);
        if (missing > 0) return;
        controller.close();
        end();
      } catch (error) {
        end();
        throw (
          asOriginError(error) ??
          new OriginError(502, `${title} closed the connection early: ${connectionProblem(error)}`)
        );
      }
    },
    cancel: end,
  });
}

async function withinTime<T>(reading: Promise<T>, milliseconds: number, title: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new OriginError(502, `${title} sent nothing for ${milliseconds / 1000} s`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
  }
}
