import type { AdminContext } from "../admin/admin-environment.ts";
import type { BearerToken, BearerTokens } from "../sign-in/bearer-tokens.ts";
import { bearerOf, forPrograms, isBrowser, passwordOf, tooManyAttempts } from "./jamf-authorization.ts";

/** Where programs sign in as they would to Jamf Pro, on the listener of the administration pages. */
export const jamfSignInPaths: readonly string[] = ["/api/v1/auth", "/api/v1/auth/*"];

/**
 * Creates the handler with which programs sign in as they would to Jamf Pro: `POST token` with the administrator's
 * password returns a token for 30 minutes, `POST keep-alive` replaces it, `POST invalidate-token` ends it, and
 * `GET /api/v1/auth` says whether it is valid.
 */
export function createJamfSignIn(bearerTokens: BearerTokens): (context: AdminContext) => Promise<Response> {
  return async ({ req, env }) => {
    if (isBrowser(req)) return forPrograms();
    const authorization = req.header("Authorization") ?? "";
    const token = bearerOf(authorization) ?? "";
    switch (`${req.method} ${req.path}`) {
      case "POST /api/v1/auth/token": {
        const password = passwordOf(authorization);
        if (password === undefined) return unauthorized("Basic");
        const found = await bearerTokens.signIn(password, env.address);
        if ("token" in found) return tokenResponse(found);
        return found.outcome === "too_many_attempts" ? tooManyAttempts(found.retryAfter) : unauthorized("Basic");
      }
      case "POST /api/v1/auth/keep-alive": {
        const next = await bearerTokens.keepAlive(token);
        return next ? tokenResponse(next) : unauthorized("Bearer");
      }
      case "POST /api/v1/auth/invalidate-token":
        return (await bearerTokens.invalidate(token, env.address))
          ? new Response(null, { status: 204, headers: noStore })
          : unauthorized("Bearer");
      case "GET /api/v1/auth":
        return (await bearerTokens.isValid(token))
          ? json(200, { account: { username: "administrator" }, authenticationType: "JSS" })
          : unauthorized("Bearer");
      default:
        return json(404, { httpStatus: 404, errors: [] });
    }
  };
}

const noStore = { "Cache-Control": "no-store" };

function tokenResponse({ token, expiresAt }: BearerToken): Response {
  return json(200, { token, expires: new Date(expiresAt * 1000).toISOString() });
}

function unauthorized(scheme: "Basic" | "Bearer"): Response {
  const challenge = scheme === "Basic" ? 'Basic realm="Portcullis depot"' : scheme;
  return json(401, { httpStatus: 401, errors: [] }, { "WWW-Authenticate": challenge });
}

function json(status: number, body: object, more: Readonly<Record<string, string>> = {}): Response {
  const headers = { "Content-Type": "application/json", ...noStore, ...more };
  return new Response(JSON.stringify(body), { status, headers });
}
