import { join } from "node:path";
import { importKeys, isConfigurationError } from "@portcullis/core";
import { CommandError, failure } from "../command-line/command-error.ts";
import { describeSystemError } from "../system/describe-system-error.ts";
import { openSmallFile, type SmallFile } from "../system/read-small-file.ts";
import { shellQuote } from "../terminal/shell-quote.ts";
import { KeyFileError } from "./decode-key-file.ts";
import { fetchJwkSet, isKeyUrl, JwkSetError } from "./jwk-set-url.ts";
import { keyFileRemedy } from "./key-file-remedy.ts";
import type { NamedKeys } from "./named-keys.ts";
import { readPublicKeyFile } from "./read-public-key-file.ts";

/**
 * Reads every `--key`, each once; rejects with an error that names the one that cannot be used.
 *
 * An invalid file is reported before a host that does not respond, since waiting does not fix it.
 */
export async function loadKeys(sources: readonly string[]): Promise<readonly NamedKeys[]> {
  const results = await Promise.allSettled(sources.map(loadSource));
  const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  if (errors.length > 0) throw errors.find((error) => !(error instanceof JwkSetError)) ?? errors[0];
  return results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

/** Like `loadKeys`, for a command that runs once: a host that does not respond ends it too. */
export async function loadKeysOnce(sources: readonly string[]): Promise<readonly NamedKeys[]> {
  try {
    return await loadKeys(sources);
  } catch (error) {
    throw error instanceof JwkSetError ? failure(`--key: ${error.message}`) : error;
  }
}

/** PEM or JSON: for these, core says what is wrong. */
const resemblesKey = /-----\s*BEGIN |^\s*\{/;

async function loadSource(source: string): Promise<NamedKeys> {
  try {
    if (isKeyUrl(source)) return { source, keys: await importKeys(await fetchJwkSet(source)), warnings: [] };
    const file = await openSmallFile(source);
    const { text, isPrivate } = readPublicKeyFile(file.bytes, source);
    if (!resemblesKey.test(text)) throw new KeyFileError("it contains no key, neither a PEM block nor a JWK");
    return { source, keys: await importKeys(text), warnings: warnings(source, file, isPrivate) };
  } catch (error) {
    throw asKeyError(error, source);
  }
}

function asKeyError(error: unknown, source: string): Error {
  if (error instanceof CommandError) return error;
  if (isKeyUrl(source)) {
    if (error instanceof JwkSetError) return error;
    return new JwkSetError(`${new URL(source).origin}: ${problemOf(error)}`);
  }
  if ((error as NodeJS.ErrnoException).code === "EISDIR") {
    return failure(
      `--key ${source} is a folder; name the public key's file in it, such as ${join(source, "public.pem")}`,
    );
  }
  return failure(`--key ${source}: ${problemOf(error)}`, keyFileRemedy(error));
}

function problemOf(error: unknown): string {
  if (isConfigurationError(error) || error instanceof KeyFileError) return error.problem;
  return describeSystemError(error);
}

function warnings(source: string, { mode }: SmallFile, isPrivate: boolean): readonly string[] {
  const file = shellQuote(source);
  const found: string[] = [];
  if (isPrivate) {
    found.push(
      `${source} is a PRIVATE key: anyone who reads it can download every file. Only its public half is used here; remove the private key from this server. To create the public key file, run: portcullis pubkey ${file} > public.pem`,
    );
    if (mode & 0o004) found.push(`${source} can be read by every user of this computer: chmod 600 ${file}`);
  }
  if (mode & 0o002) {
    found.push(
      `${source} can be changed by every user of this computer, and any of them could add their own key: chmod 644 ${file}`,
    );
  }
  return found;
}
