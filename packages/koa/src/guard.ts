import {
  allowedCacheControl,
  createRequestGuard,
  type Decision,
  type GuardOptions,
  removeToken,
} from "@portcullis/core";

/** What the guard leaves in `ctx.state`. */
export interface DownloadState {
  /** Who let the request in; a refusal only if `reportOnly` is set. */
  download: Decision;
}

/** The part of Koa's context that the guard uses; Koa 2 and 3 have it. */
export interface GuardedContext {
  readonly method: string;
  url: string;
  originalUrl: string;
  readonly req: object;
  readonly request: object;
  // biome-ignore lint/suspicious/noExplicitAny: as in Koa's own types, so that any state type fits
  state: any;
  status: number;
  body: unknown;
  set(name: string, value: string): void;
}

/** Koa middleware. */
export type Middleware = (context: GuardedContext, next: () => Promise<unknown>) => Promise<void>;

/**
 * Guards all that comes after it in a Koa app, or the one middleware it is given.
 *
 * What comes after it sees: `ctx.state.download`, the decision; `ctx.url` and `ctx.originalUrl`
 * without the token; `Cache-Control: private`, unless it sets its own. Refusals are written to the
 * context, not thrown, because Koa's error handling drops the headers that a refusal needs.
 *
 * @throws {ConfigurationError} if an option is wrong
 *
 * @example
 * app.use(guard({ keys: publicKeyPem }));
 */
export function guard(options: GuardOptions, middleware?: Middleware): Middleware {
  const judge = createRequestGuard(options);

  return async (context, next) => {
    const passage = await judge(context.method, context.url);
    if (!passage.admitted) {
      const { status, headers, body } = passage.answer;
      context.status = status;
      context.body = body;
      for (const name of Object.keys(headers)) context.set(name, headers[name] as string);
      return;
    }
    const { decision, url, tokenParameter } = passage;
    // Koa keeps the first URL in two places, Express around it in a third, and all keep copies of it taken apart.
    for (const holder of [context, context.request, context.req] as { originalUrl?: string }[]) {
      if (holder.originalUrl !== undefined) holder.originalUrl = removeToken(holder.originalUrl, tokenParameter);
    }
    for (const copy of ["memoizedURL", "_querycache"]) Reflect.deleteProperty(context.request, copy);
    Reflect.deleteProperty(context.req, "_parsedUrl");
    context.url = url;
    context.state.download = decision;
    context.set("Cache-Control", allowedCacheControl);
    await (middleware ? middleware(context, next) : next());
  };
}
