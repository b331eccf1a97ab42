import type { JsonObject } from "./json-object.ts";
import type { RefusalCode } from "./refusal.ts";

/** The protected header of a token that passed {@link validateHeader} (RFC 7515 section 4). */
export type JoseHeader = JsonObject & { readonly alg: "RS256"; readonly kid?: string };

/**
 * Decides whether the header may stand; it can only agree with RS256 or be refused.
 *
 * `jwk`, `jku`, `x5u` and `x5c` are never read: a token does not choose the key it is checked with.
 */
export function validateHeader(header: JsonObject): RefusalCode | undefined {
  if (header.alg !== "RS256") return "algorithm_not_allowed";
  for (const name of ["crit", "b64", "zip", "enc"]) {
    if (name in header) return "header_not_supported";
  }
  const { typ, kid } = header;
  if ("typ" in header && !(typeof typ === "string" && typ.toUpperCase() === "JWT")) {
    return "header_not_supported";
  }
  if ("kid" in header && typeof kid !== "string") return "header_not_supported";
  return undefined;
}
