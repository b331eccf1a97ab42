import { gateDefaults, removeToken, replaceTokens } from "@portcullis/core";

/** The part of a `node:http` or `node:http2` request that holds its URL. */
export interface RewritableRequest {
  url?: string | undefined;
  originalUrl?: string | undefined;
  readonly headers: object;
  readonly rawHeaders?: string[];
}

/** What a request was before its token was removed. */
interface HiddenUrl {
  readonly url: string;
  readonly tokenParameter: string;
}

const hiddenUrls = new WeakMap<object, HiddenUrl>();

/**
 * Makes the function for Fastify's option `rewriteUrl`, which removes the token from the URL of every request before
 * Fastify routes it, parses its query and logs it. Without it, the guard refuses every request. A token in the path,
 * which names no file, becomes `REDACTED`, since Fastify logs the path too.
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
    // Fastify's copy of the URL, and what HTTP/2 has in place of a request line.
    request.originalUrl = withoutTokens(originalUrl, tokenParameter);
    if (":path" in request.headers) Object.assign(request.headers, { ":path": stripped });
    const position = request.rawHeaders?.indexOf(":path") ?? -1;
    if (position !== -1) request.rawHeaders?.splice(position + 1, 1, stripped);
    return stripped;
  };
}

/** Removes the token parameter, and tokens in the path. */
export function withoutTokens(url: string, tokenParameter: string): string {
  const stripped = removeToken(url, tokenParameter);
  const [path = ""] = stripped.split("?", 1);
  return replaceTokens(path, tokenParameter, () => "REDACTED") + stripped.slice(path.length);
}

/** The URL that a request had before {@link hideToken} removed its token; `undefined` if it did not. */
export function hiddenUrlOf(request: object): HiddenUrl | undefined {
  return hiddenUrls.get(request);
}
