import { allowedCacheControl, createRequestGuard, type Download, type GuardOptions } from "@portcullis/core";

/**
 * A fetch handler behind the guard: it gets the request without the token, the decision with the
 * token's fingerprint, and then whatever else its runtime passes (Deno's connection info, Bun's server, Workers' `env` and `ctx`).
 */
export type GuardedHandler<Rest extends unknown[] = unknown[]> = (
  request: Request,
  download: Download,
  ...rest: Rest
) => Response | Promise<Response>;

/**
 * Guards a `(Request) => Response` handler for Deno, Bun, Cloudflare Workers, Hono and others.
 *
 * The handler gets the same request with the token removed from its URL: method, headers, body and abort signal are
 * unchanged. A response without `Cache-Control` gets `private`. Handler errors propagate to the runtime.
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
  const check = createRequestGuard(options);

  return async (request, ...rest) => {
    const checked = check(request.method, request.url);
    const { response, download, url } = "then" in checked ? await checked : checked;
    if (response) {
      const { status, headers, body } = response;
      return new Response(request.method === "HEAD" ? null : body, { status, headers });
    }
    const stripped = url === request.url ? request : new Request(url, request);
    const result = handler(stripped, download, ...rest);
    // Only a promise is awaited: if the handler does not return one, Bun and Deno need no extra turn of their task
    // queue.
    return withCacheControl("then" in result ? await result : result);
  };
}

/**
 * Headers of a response that came from `fetch` cannot be changed, so a copy might be needed. `Response.error()` cannot
 * be copied: the runtime closes the connection or responds with 500.
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
