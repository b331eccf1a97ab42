import { allowedCacheControl, createRequestGuard, type Decision, type GuardOptions } from "@portcullis/core";

/**
 * A fetch handler behind the guard: it gets the request without the token, the decision, and then
 * whatever else its runtime passes (Deno's connection info, Bun's server, Workers' `env` and `ctx`).
 */
export type GuardedHandler<Rest extends unknown[] = unknown[]> = (
  request: Request,
  download: Decision,
  ...rest: Rest
) => Response | Promise<Response>;

/**
 * Guards a `(Request) => Response` handler: Deno, Bun, Cloudflare Workers, Hono and others.
 *
 * The request that the handler gets is the same but for its URL, which has lost the token: method,
 * headers, body and abort signal are kept. An answer without `Cache-Control` gets `private`. Errors of the
 * handler are the runtime's, as ever.
 *
 * @throws {ConfigurationError} if an option is wrong
 *
 * @example
 * Deno.serve(guard({ keys: publicKeyPem }, (request) => new Response("the file")));
 */
export function guard<Rest extends unknown[]>(
  options: GuardOptions,
  handler: GuardedHandler<Rest>,
): (request: Request, ...rest: Rest) => Promise<Response> {
  const judge = createRequestGuard(options);

  return async (request, ...rest) => {
    const passage = await judge(request.method, request.url);
    if (!passage.admitted) {
      const { status, headers, body } = passage.answer;
      return new Response(request.method === "HEAD" ? null : body, { status, headers });
    }
    const { decision, url } = passage;
    const stripped = url === request.url ? request : new Request(url, request);
    return withCacheControl(await handler(stripped, decision, ...rest));
  };
}

/**
 * Headers of a response that came from `fetch` cannot be changed, so a new response may be needed.
 * `Response.error()` is no answer and cannot be copied: the runtime breaks the connection off or answers 500.
 */
function withCacheControl(response: Response): Response {
  if (response.status === 0 || response.headers.has("Cache-Control")) return response;
  try {
    response.headers.set("Cache-Control", allowedCacheControl);
    return response;
  } catch {
    const copy = new Response(response.body, response);
    copy.headers.set("Cache-Control", allowedCacheControl);
    return copy;
  }
}
