import { gateDefaults, redactToken, removeToken, replaceTokens } from "@portcullis/core";

/** The part of a `node:http` or `node:http2` request that holds its URL. */
export interface RewritableRequest {
  url?: string | undefined;
  originalUrl?: string | undefined;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly rawHeaders?: string[];
}

/** A request's URL before its token was removed, and the parameter that was removed. */
interface HiddenUrl {
  readonly url: string;
  readonly tokenParameter: string;
}

/** The headers that Fastify logs: as `host`, as `remoteAddress` with `trustProxy`, and as `version`. */
const loggedHeaders = ["host", ":authority", "x-forwarded-host", "x-forwarded-for", "accept-version"] as const;

const hiddenUrls = new WeakMap<object, HiddenUrl>();

/**
 * Creates the function for Fastify's option `rewriteUrl`, which removes the token from the URL of every request before
 * Fastify routes it, parses its query and logs it. Without it, the guard refuses every request. A token in any other
 * place that Fastify logs, such as the path, another parameter or the `Host` header, becomes `REDACTED`.
 *
 * @param tokenParameter the query parameter; the same as the guard's option of that name. Default `"token"`.
 *
 * @example
 * const app = Fastify({ logger: true, rewriteUrl: hideToken() });
 */
export function hideToken(
  tokenParameter: string = gateDefaults.tokenParameter,
): (request: RewritableRequest) => string {
  return (request) => {
    const { url = "", originalUrl = url } = request;
    hiddenUrls.set(request, { url, tokenParameter });
    const stripped = withoutTokens(url, tokenParameter);
    request.originalUrl = withoutTokens(originalUrl, tokenParameter);
    // HTTP/2 has `:path` in place of a request line; Node updates its `headers` by itself.
    const position = request.rawHeaders?.indexOf(":path") ?? -1;
    if (position !== -1) request.rawHeaders?.splice(position + 1, 1, stripped);
    for (const name of loggedHeaders) {
      const value = request.headers[name];
      if (typeof value === "string") request.headers[name] = replaceTokens(value, tokenParameter, () => "REDACTED");
    }
    return stripped;
  };
}

/** Removes the token parameter, and redacts tokens in all other places. */
export function withoutTokens(url: string, tokenParameter: string): string {
  return redactToken(removeToken(url, tokenParameter), tokenParameter);
}

/** The URL that a request had before {@link hideToken} removed its token; `undefined` if it did not. */
export function hiddenUrlOf(request: object): HiddenUrl | undefined {
  return hiddenUrls.get(request);
}
