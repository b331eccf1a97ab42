let release: (() => void) | undefined;

/**
 * Answers the range that was asked for, its first half at once and its second only when somebody else asks with
 * `?release`: from a server that holds answers back until they are complete it never comes.
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
