import type { IncomingMessage, ServerResponse } from "node:http";
import {
  allowedCacheControl,
  createRequestGuard,
  type Download,
  type GuardOptions,
  type GuardResult,
  type HttpResponse,
} from "@portcullis/core";

/**
 * A request after the guard: the token has been removed from its URL, and `download` is the decision.
 *
 * Express types its requests by declaration merging, once per app; this package does not do that
 * itself, because JSR refuses packages that change global types.
 *
 * @example
 * declare global {
 *   namespace Express {
 *     interface Request extends Guarded {}
 *   }
 * }
 */
export type GuardedRequest = IncomingMessage & Guarded;

/** What the guard adds to a request. */
export interface Guarded {
  readonly download: Download;
}

/** A `node:http` request listener that gets only guarded requests. */
export type GuardedListener = (request: GuardedRequest, response: ServerResponse) => unknown;

/** Connect-style middleware, for Express, Connect and Polka. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * Guards a `node:http` listener, or, without one, everything that comes after it in Express, Connect
 * or Polka.
 *
 * What the listener or the next handler sees: `request.download`, the decision with the token's fingerprint;
 * `request.url` (and `originalUrl`, `query`) without the token; `Cache-Control: private`, unless it sets its own. The
 * token is removed from a refused request too, which also has `download`, so that a logger in front of the guard logs
 * the fingerprint and not the token.
 *
 * If a listener throws or rejects, the response is 500, or the connection is closed if the response had begun; the
 * error is printed to standard error, and the server keeps running. As middleware, it leaves errors to the framework.
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
  const check = createRequestGuard(options);

  /** Whether the request is allowed; otherwise, a response has been sent. */
  function admit(request: IncomingMessage, response: ServerResponse): boolean | Promise<boolean> {
    const url = requestedUrl(request);
    const apply = (result: GuardResult): boolean => {
      removeTokens(request, url, result);
      if (response.headersSent) return false; // a timeout, for example, has responded in the meantime
      if (result.response) {
        send(response, result.response);
        return false;
      }
      response.setHeader("Cache-Control", allowedCacheControl);
      return true;
    };
    const checked = check(request.method ?? "", url);
    return "then" in checked ? checked.then(apply) : apply(checked);
  }

  // No async functions: for a token that was seen before, one takes as long as the check.
  if (!listener) {
    return (request, response, next) => {
      let admitted: boolean | Promise<boolean>;
      try {
        admitted = admit(request, response);
      } catch (error) {
        return next(error);
      }
      if (typeof admitted !== "boolean") return admitted.then((isAllowed) => (isAllowed ? next() : undefined), next);
      if (admitted) next();
    };
  }
  return (request, response) => {
    const failed = (error: unknown): void => {
      console.error(error);
      fail(response);
    };
    const listen = (isAllowed: boolean): unknown => isAllowed && listener(request as GuardedRequest, response);
    try {
      const admitted = admit(request, response);
      const done = typeof admitted === "boolean" ? listen(admitted) : admitted.then(listen);
      return isThenable(done) ? done.then(undefined, failed) : undefined;
    } catch (error) {
      failed(error);
    }
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === "function";
}

function send(response: ServerResponse, { status, headers, body }: HttpResponse): void {
  response.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

/** The copies that frameworks keep of the URL and its parts. */
interface UrlCopies {
  readonly originalUrl?: string;
  readonly baseUrl?: string;
  readonly search?: string | null;
  readonly query?: object;
}

/** The URL as the client sent it: a framework removes the guard's mount path from `url`. */
function requestedUrl(request: IncomingMessage & UrlCopies): string {
  return request.originalUrl ?? request.url ?? "";
}

/** Removes the token wherever Node, Connect, Express 4 or Polka store it, so that nothing later logs it. */
function removeTokens(
  request: IncomingMessage & Partial<Mutable<Guarded & UrlCopies>>,
  checkedUrl: string,
  { download, url, stripUrl, tokenParameter, response }: GuardResult,
): void {
  request.download = download;
  request.url = request.url === checkedUrl ? url : stripUrl(request.url ?? "");
  const { originalUrl, baseUrl, search, query } = request;
  if (originalUrl !== undefined) request.originalUrl = url;
  // A mount path in Express can have parameters. They route an allowed request; a refused one is only logged.
  if (response && baseUrl) Object.assign(request, { baseUrl: stripUrl(baseUrl), params: {} });
  if (search) request.search = stripUrl(search);
  // Express 5 parses `query` from the URL at each access. A refused request can have a token under any other name too.
  if (response && Object.hasOwn(request, "query")) request.query = queryOf(request.url);
  else if (query !== undefined) Reflect.deleteProperty(query, tokenParameter);
  // The parsed forms of the first URL. If they are missing, Connect, Express and Polka parse again.
  if ("_parsedUrl" in request) Reflect.deleteProperty(request, "_parsedUrl");
  if ("_parsedOriginalUrl" in request) Reflect.deleteProperty(request, "_parsedOriginalUrl");
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

function queryOf(url: string): Record<string, string> {
  const [, search = ""] = url.split(/\?(.*)/s);
  return Object.fromEntries(new URLSearchParams(search));
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
