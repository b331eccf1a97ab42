import { createPublicKey } from "node:crypto";
import { keyThumbprints, type PublicKeySource } from "@portcullis/core";
import { CommandError, failure } from "../command-line/command-error.ts";
import { describeSystemError, isSystemError } from "../system/describe-system-error.ts";
import { keyFileRemedy } from "./key-file-remedy.ts";
import { isKeyUrl, loadKey } from "./key-source.ts";

/** The keys of one `--key`. */
export interface NamedKey {
  /** The file name or URL that the user gave. */
  readonly source: string;
  readonly key: PublicKeySource;
  /** RFC 7638 thumbprints of the keys in it. */
  readonly keyIds: readonly string[];
  readonly warnings: readonly string[];
}

/** Reads every `--key`; fails with a sentence that names the one that cannot be used. */
export async function loadNamedKeys(sources: readonly string[]): Promise<readonly NamedKey[]> {
  return Promise.all(
    sources.map(async (source) => {
      try {
        const { key, warnings } = await loadKey(source);
        return { source, key, warnings, keyIds: await keyThumbprints(key) };
      } catch (error) {
        if (error instanceof CommandError) throw error;
        if (isSystemError(error))
          throw failure(`${source} cannot be read: ${describeSystemError(error)}`, keyFileRemedy(error));
        const problem = (error as Error).message.replace(/^keys: /, "");
        throw failure(isKeyUrl(source) || problem.includes(source) ? problem : `${source}: ${problem}`);
      }
    }),
  );
}

/** What the user calls the key with this thumbprint. */
export function nameOfKey(keys: readonly NamedKey[], keyId: string | undefined): string | undefined {
  return keys.find(({ keyIds }) => keyId !== undefined && keyIds.includes(keyId))?.source;
}

/** The length of the signatures that a PEM key makes, in bytes; `undefined` if it takes more to say. */
export function signatureLength({ key }: NamedKey): number | undefined {
  if (typeof key !== "string") return undefined;
  try {
    const { modulusLength } = createPublicKey(key).asymmetricKeyDetails ?? {};
    return modulusLength === undefined ? undefined : Math.ceil(modulusLength / 8);
  } catch {
    return undefined; // a JWK as text; the comparison is a hint only
  }
}
