import type { KeyObject } from "node:crypto";
import { CompactSign } from "jose";

const header = { alg: "RS256" };

/**
 * Signs a token as Jamf Pro does: header `{"alg":"RS256"}`, claims `sub`, `iss` and `exp` in this
 * order, and nothing else. There is nothing in it to tell two tokens of one second apart.
 *
 * @param expiresAt - `exp`, in whole seconds since 1970
 */
export function signToken(privateKey: KeyObject, expiresAt: number): Promise<string> {
  const claims = JSON.stringify({ sub: "AppManifest", iss: "JSS", exp: expiresAt });
  return new CompactSign(new TextEncoder().encode(claims)).setProtectedHeader(header).sign(privateKey);
}
