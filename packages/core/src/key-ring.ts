import { importParsedKeys, type PublicKeys, parseKeys } from "./import-keys.ts";
import type { JoseHeader } from "./jose-header.ts";
import { createKeyFinder, type KeyResolver } from "./key-resolver.ts";
import type { VerificationKey } from "./rs256.ts";

/** The keys that a gate trusts: one or several public keys, or a function that finds them. */
export type GateKeys = PublicKeys | KeyResolver;

/** The trusted keys of one gate. */
export interface KeyRing {
  /** Imports the keys; rejects if one cannot be used. */
  ready(): Promise<void>;
  /**
   * The keys that could have signed a token with this header: all keys, except those whose `kid` differs from the
   * token's. For an unknown `kid`, this leaves the keys without a `kid`; if there are none, the refusal is
   * `signature_invalid`. Rejects if the keys cannot be loaded.
   */
  keysFor(header: JoseHeader): readonly VerificationKey[] | Promise<readonly VerificationKey[]>;
}

/** Creates a key ring; throws a configuration error for keys that are recognisably wrong. */
export function createKeyRing(keys: GateKeys): KeyRing {
  if (typeof keys === "function") return { ready: async () => {}, keysFor: createKeyFinder(keys) };
  const parsed = parseKeys(keys);
  let trusted: readonly VerificationKey[] | undefined;

  // Each caller loads the keys itself until one has finished: on Workers, a request cannot wait for a promise that
  // belongs to another request.
  async function load(): Promise<readonly VerificationKey[]> {
    trusted ??= await importParsedKeys(parsed);
    return trusted;
  }

  return {
    ready: () => load().then(() => {}),
    keysFor({ kid }) {
      const fitting = (keys: readonly VerificationKey[]): readonly VerificationKey[] =>
        kid === undefined ? keys : keys.filter((key) => key.kid === undefined || key.kid === kid);
      return trusted ? fitting(trusted) : load().then(fitting);
    },
  };
}
