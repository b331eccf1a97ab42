let release: (() => void) | undefined;

/**
 * Responds with the requested range: sends its first half immediately, and its second half only after another request with
 * `?release`. From a server that buffers whole responses, nothing ever arrives.
 */
export function respondInHalves(request: Request): Response {
  if (new URL(request.url).searchParams.has("release")) {
    release?.();
    return new Response(null, { status: 204 });
  }
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(encoder.encode("first half, "));
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      controller.enqueue(encoder.encode("second half"));
      controller.close();
    },
  });
  const range = request.headers.get("range") ?? "";
  return new Response(body, { status: 206, headers: { "Content-Range": `${range.replace("=", " ")}/100` } });
}
