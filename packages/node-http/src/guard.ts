import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type AllowedRequest,
  allowedCacheControl,
  createRequestGuard,
  type Decision,
  type GuardOptions,
  type HttpResponse,
  removeToken,
} from "@portcullis/core";

/** A request that was let in: its URL has lost the token, and `download` says who let it in. */
export type GuardedRequest = IncomingMessage & { readonly download: Decision };

/** A `node:http` request listener that sees guarded requests only. */
export type GuardedListener = (request: GuardedRequest, response: ServerResponse) => unknown;

/** Connect-style middleware, as Express, Connect and Polka take it. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * Guards a `node:http` listener, or, without one, all that comes after it in Express, Connect or
 * Polka.
 *
 * What the listener or the next handler sees: `request.download`, the decision; `request.url` (and
 * `originalUrl`, `query`) without the token; `Cache-Control: private`, unless it sets its own.
 *
 * If a listener throws or rejects, the answer is 500, or is cut off where it had begun; the error
 * is printed on standard error and the server goes on. Behind middleware, errors are the
 * framework's, as ever.
 *
 * @throws {ConfigurationError} if an option is wrong
 *
 * @example
 * http.createServer(guard({ keys: publicKeyPem }, (request, response) => response.end("the file")));
 * app.use("/apps", guard({ keys: publicKeyPem }), express.static("apps"));
 */
export function guard(
  options: GuardOptions,
  listener: GuardedListener,
): (request: IncomingMessage, response: ServerResponse) => void;
export function guard(options: GuardOptions): Middleware;
export function guard(options: GuardOptions, listener?: GuardedListener): Middleware {
  const judge = createRequestGuard(options);

  return async (request, response, next) => {
    const passage = await judge(request.method ?? "", request.url ?? "");
    if (response.headersSent) return; // a timeout, say, has answered meanwhile
    if (!passage.admitted) return refuse(response, passage.answer);
    admit(request, passage);
    response.setHeader("Cache-Control", allowedCacheControl);
    if (!listener) return next();
    try {
      await listener(request as GuardedRequest, response);
    } catch (error) {
      console.error(error);
      fail(response);
    }
  };
}

function refuse(response: ServerResponse, { status, headers, body }: HttpResponse): void {
  response.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

/** Takes the token away wherever Node, Connect, Express 4 or Polka keep it, so that nothing later logs it. */
function admit(request: IncomingMessage, { decision, url, tokenParameter }: AllowedRequest): void {
  const { originalUrl, search, query } = request as { originalUrl?: string; search?: string | null; query?: object };
  Object.assign(request, { download: decision, url });
  if (originalUrl !== undefined) {
    Object.assign(request, { originalUrl: removeToken(originalUrl, tokenParameter) });
  }
  if (search) Object.assign(request, { search: removeToken(search, tokenParameter) });
  if (query !== undefined) Reflect.deleteProperty(query, tokenParameter);
  // The first URL taken apart, which Connect and Polka make anew where it is missing.
  Reflect.deleteProperty(request, "_parsedUrl");
}

function fail(response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.writeHead(500, { "Cache-Control": "no-store", "Content-Length": 0 });
  response.end();
}
