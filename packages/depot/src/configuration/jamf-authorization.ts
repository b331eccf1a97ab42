import type { AdminContext } from "../admin/admin-environment.ts";

/**
 * Whether a browser sends the request: it might have stored the password, and would send it with the forms of other
 * sites.
 */
export function isBrowser(req: AdminContext["req"]): boolean {
  return req.header("Origin") !== undefined || req.header("Sec-Fetch-Site") !== undefined;
}

/** The response to a browser. */
export function forPrograms(): Response {
  return textResponse(403, "This API is for programs, not for browsers.");
}

/** The administrator's password in an `Authorization` header (RFC 7617). */
export function passwordOf(authorization: string): string | undefined {
  const [, credentials = ""] = /^Basic +(\S+)$/i.exec(authorization) ?? [];
  return /^administrator:(.+)$/s.exec(Buffer.from(credentials, "base64").toString("utf8"))?.[1];
}

/** The token in an `Authorization` header (RFC 6750 section 2.1). */
export function bearerOf(authorization: string): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1];
}

/** The response after too many attempts. */
export function tooManyAttempts(seconds: number): Response {
  return textResponse(429, "Too many attempts with a wrong password.", { "Retry-After": String(seconds) });
}

function textResponse(status: number, text: string, more: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${text}\n`, { status, headers: { "Cache-Control": "no-store", ...more } });
}
