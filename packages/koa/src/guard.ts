import {
  allowedCacheControl,
  createRequestGuard,
  type Download,
  type GuardOptions,
  type GuardResult,
} from "@portcullis/core";

/** What the guard adds to `ctx.state`. */
export interface DownloadState {
  /** The decision, with the token's fingerprint. After the guard, it is a refusal only if `reportOnly` is set. */
  download: Download;
}

/** The part of Koa's context that the guard uses; Koa 2 and 3 have it. */
export interface GuardedContext {
  readonly method: string;
  originalUrl: string;
  readonly req: { url?: string; readonly originalUrl?: string };
  readonly res: { readonly headersSent: boolean; setHeader(name: string, value: string): unknown };
  readonly request: object;
  state: DownloadState;
  status: number;
  body: unknown;
  set(name: string, value: string): void;
}

/** Koa middleware. */
export type Middleware = (context: GuardedContext, next: () => Promise<unknown>) => Promise<void>;

/**
 * Guards everything that comes after it in a Koa app, or only the middleware that is passed to it.
 *
 * What comes after it sees: `ctx.state.download`, the decision with the token's fingerprint; `ctx.url` and
 * `ctx.originalUrl` without the token; `Cache-Control: private`, unless it sets its own. The token is removed from a
 * refused request too, which also has `ctx.state.download`, so that a logger in front of the guard logs the fingerprint
 * and not the token. Refusals are written to the context, not thrown, because Koa's error handling drops the headers
 * that a refusal needs.
 *
 * @throws {ConfigurationError} if an option is wrong
 *
 * @example
 * app.use(guard({ keys: publicKeyPem }));
 */
export function guard(options: GuardOptions, middleware?: Middleware): Middleware {
  const check = createRequestGuard(options);

  return async (context, next) => {
    // The URL as the client sent it: koa-mount, and Express around Koa, remove their mount path from `url`.
    const url = context.req.originalUrl ?? context.originalUrl;
    const checked = check(context.method, url);
    const result = "then" in checked ? await checked : checked;
    removeTokens(context, url, result);
    context.state.download = result.download;
    if (result.response) {
      const { status, headers, body } = result.response;
      context.status = status;
      context.body = body;
      for (const name of Object.keys(headers)) context.set(name, headers[name] as string);
      return;
    }
    // Uses `res` and `req` where it makes no difference: Koa's own accessors take as long as checking the token.
    if (!context.res.headersSent) context.res.setHeader("Cache-Control", allowedCacheControl);
    await (middleware ? middleware(context, next) : next());
  };
}

/** Koa stores the first URL in two places, Express around it in a third, and both store it parsed as well. */
function removeTokens(context: GuardedContext, checkedUrl: string, { url, stripUrl }: GuardResult): void {
  const strip = (copy: string): string => (copy === checkedUrl ? url : stripUrl(copy));
  const { req, request } = context as { readonly req: UrlCopies; readonly request: { originalUrl: string } };
  context.originalUrl = strip(context.originalUrl);
  request.originalUrl = strip(request.originalUrl);
  if (req.originalUrl !== undefined) req.originalUrl = strip(req.originalUrl);
  // Each name is written out: an `in` with a variable name takes V8 longer than everything else here.
  if ("memoizedURL" in request) Reflect.deleteProperty(request, "memoizedURL");
  if ("_querycache" in request) Reflect.deleteProperty(request, "_querycache");
  if ("_parsedUrl" in req) Reflect.deleteProperty(req, "_parsedUrl");
  if ("_parsedOriginalUrl" in req) Reflect.deleteProperty(req, "_parsedOriginalUrl");
  req.url = strip(req.url ?? "");
}

interface UrlCopies {
  url?: string;
  originalUrl?: string;
}
