import type { Refusal } from "../refusal.ts";

/** An HTTP response, ready for any server. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The `Cache-Control` of an allowed response, unless the handler sets its own: a shared cache must not store a response
 * that only this request is allowed to have (RFC 9111 section 5.2.2.7).
 */
export const allowedCacheControl = "private";

const statusPhrases = { 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 503: "Service Unavailable" };

/** How the response to a refused request can differ from the refusal table. */
export interface RefusalResponseOptions {
  /**
   * The status, for a proxy in front that understands only certain ones: nginx's `auth_request` accepts only 401 and
   * 403.
   */
  readonly status?: keyof typeof statusPhrases | undefined;
}

/**
 * The response to a refused request: an RFC 6750 challenge (not with 403 or 503) and an RFC 9457
 * problem document.
 *
 * All of it, including the realm, is fixed text; nothing from the request is in it.
 */
export function refusalResponse(refusal: Refusal, options: RefusalResponseOptions = {}): HttpResponse {
  const { code, error, message } = refusal;
  const { status = refusal.status } = options;
  const problem = { type: "about:blank", title: statusPhrases[status], status, detail: message, code };
  const headers: Record<string, string> = {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  };
  if (status === 503) headers["Retry-After"] = "10";
  const details = error === undefined ? "" : `, error="${error}", error_description="${message}"`;
  if (status < 403) headers["WWW-Authenticate"] = `Bearer realm="downloads"${details}`;
  return { status, headers, body: `${JSON.stringify(problem)}\n` };
}
