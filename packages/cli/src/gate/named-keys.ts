import type { VerificationKey } from "@portcullis/core";

/** The keys of one `--key`: one, or those of a JWK Set. */
export interface NamedKeys {
  /** The file name or URL that the user gave. */
  readonly source: string;
  readonly keys: readonly VerificationKey[];
  /** What the administrator should know, such as that a private key is where a public one belongs. */
  readonly warnings: readonly string[];
}

/** The name that the user gave for the key with this thumbprint. */
export function nameOfKey(loaded: readonly NamedKeys[], keyId: string | undefined): string | undefined {
  return loaded.find(({ keys }) => keys.some((key) => key.keyId === keyId))?.source;
}
