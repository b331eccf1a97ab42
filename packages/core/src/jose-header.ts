import type { JsonObject } from "./json-object.ts";
import type { Result } from "./refusal.ts";

/** The protected header of a token that passed {@link validateHeader} (RFC 7515 section 4). */
export type JoseHeader = JsonObject & { readonly alg: "RS256"; readonly kid?: string };

/**
 * Checks the header; it can only agree with RS256 or be refused.
 *
 * `jwk`, `jku`, `x5u` and `x5c` are never read: a token does not choose the key it is verified with.
 */
export function validateHeader(header: JsonObject): Result<{ readonly header: JoseHeader }> {
  if (header.alg !== "RS256") return { refusal: "algorithm_not_allowed" };
  const { typ, kid } = header;
  const isUnsupported =
    ["crit", "b64", "zip", "enc"].some((name) => name in header) ||
    ("typ" in header && !(typeof typ === "string" && typ.toUpperCase() === "JWT")) ||
    ("kid" in header && typeof kid !== "string");
  return isUnsupported ? { refusal: "header_not_supported" } : { header: header as JoseHeader };
}
