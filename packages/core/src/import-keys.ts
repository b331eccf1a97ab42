import { isConfigurationError, keyError } from "./configuration-error.ts";
import { isVerificationKey, type ParsedPublicKey, type PublicKeySource, readPublicKeys } from "./public-key.ts";
import { importKey, type VerificationKey } from "./rs256.ts";

/** One source of public keys or several. */
export type PublicKeys = PublicKeySource | readonly PublicKeySource[];

/**
 * Imports public keys into this runtime's crypto, in order, with their thumbprints. `createGate` accepts the result, so
 * several gates can share keys that are imported once.
 *
 * Rejects with a configuration error if one of them cannot be used.
 *
 * @example
 * const keys = await importKeys([currentPem, nextPem]);
 * console.log(keys.map(({ keyId }) => keyId)); // as in decisions
 * const gate = createGate({ keys });
 */
export async function importKeys(keys: PublicKeys): Promise<VerificationKey[]> {
  return importParsedKeys(parseKeys(keys));
}

/** Parses all keys; throws a configuration error for keys that are recognisably wrong. */
export function parseKeys(keys: PublicKeys): readonly ParsedPublicKey[] {
  const parsed: ParsedPublicKey[] = [];
  for (const source of Array.isArray(keys) ? keys : [keys]) parsed.push(...readPublicKeys(source));
  if (parsed.length === 0) throw keyError("must contain at least one public key");
  // A key that still has to be exported is a function, without a `kid`.
  const kids = parsed.map((key) => (key as { readonly kid?: string }).kid);
  const isRepeated = kids.some((kid, index) => kid !== undefined && kids.indexOf(kid) !== index);
  if (isRepeated) throw keyError("two keys have the same kid; give each its own, or none");
  return parsed;
}

/** Imports what {@link parseKeys} returned, except for keys that have been imported already. */
export async function importParsedKeys(parsed: readonly ParsedPublicKey[]): Promise<VerificationKey[]> {
  const keys: VerificationKey[] = [];
  try {
    for (const source of parsed) {
      const key = typeof source === "function" ? await source() : source;
      keys.push(isVerificationKey(key) ? key : await importKey(key));
    }
    return keys;
  } catch (cause) {
    throw isConfigurationError(cause) ? cause : keyError(`cannot be used in this runtime: ${cause}`);
  }
}
