import { sha256 } from "./rs256.ts";

/**
 * Names a token in logs without giving it away: the first 8 hexadecimal digits of its SHA-256, as
 * Caddy's `hash` log filter prints them. Tokens signed in the same second by the same key are the
 * same string and so have the same fingerprint.
 */
export async function fingerprintToken(token: string): Promise<string> {
  const digest = await sha256(token);
  let text = "";
  for (const byte of digest.subarray(0, 4)) text += byte.toString(16).padStart(2, "0");
  return text;
}
