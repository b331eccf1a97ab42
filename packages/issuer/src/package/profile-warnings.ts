import type { PackageWarning } from "./package-description.ts";

/** Long enough to export the app again, and to let every device install it. In seconds. */
const soon = 30 * 86_400;

/** The warnings about a provisioning profile that expires at this time; both times in seconds since 1970. */
export function profileWarnings(expiresAt: number, now: number): readonly PackageWarning[] {
  const day = new Date(expiresAt * 1000).toISOString().slice(0, 10);
  if (expiresAt <= now) {
    const message = `The provisioning profile expired on ${day}, so devices refuse to open the app: export it with a new profile.`;
    return [{ code: "profile_expired", message }];
  }
  if (expiresAt - now > soon) return [];
  const message = `The provisioning profile expires on ${day}, and devices will then refuse to open the app: export it with a new profile.`;
  return [{ code: "profile_expires_soon", message }];
}
