import { type SigningKey, signToken } from "./signing-key.ts";

/** A token like Jamf Pro's that expires this many seconds from now, by the real clock. */
export function freshToken(key: SigningKey, seconds = 600, sub = "AppManifest"): string {
  return signToken(key, { sub, iss: "JSS", exp: Math.floor(Date.now() / 1000) + seconds });
}
