import type { Refused } from "./gate.ts";

/** An HTTP answer, ready for any server. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * What an allowed answer says to caches unless the handler sets its own: a shared cache may not
 * keep what only this request may have (RFC 9111 section 5.2.2.7).
 */
export const allowedCacheControl = "private";

const statusPhrases = { 400: "Bad Request", 401: "Unauthorized", 503: "Service Unavailable" };

/**
 * The answer to a refused request: an RFC 6750 challenge and an RFC 9457 problem document.
 *
 * All of it is fixed text; nothing that came with the request is in it. The realm is fixed too.
 */
export function refusalResponse({ code, status, error, message }: Refused): HttpResponse {
  const problem = { type: "about:blank", title: statusPhrases[status], status, detail: message, code };
  const headers: Record<string, string> = {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  };
  if (status === 503) headers["Retry-After"] = "10";
  else headers["WWW-Authenticate"] = challenge(error, message);
  return { status, headers, body: `${JSON.stringify(problem)}\n` };
}

/** RFC 6750 section 3: no error is named to a client that sent no token at all. */
function challenge(error: string | undefined, description: string): string {
  const scheme = 'Bearer realm="downloads"';
  return error === undefined ? scheme : `${scheme}, error="${error}", error_description="${description}"`;
}
