import { createPublicKey, type JsonWebKeyInput, type KeyObject } from "node:crypto";
import {
  isConfigurationError,
  keyThumbprints,
  type PublicJwk,
  type PublicJwkSet,
  type PublicKeySource,
} from "@portcullis/core";
import { findPemBlocks, pemText } from "@portcullis/issuer/pem";
import type { OperandsOf, OptionsOf } from "../../command-line/command.ts";
import { CommandError, failure } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { nameOfInput, readInput } from "../../command-line/read-input.ts";
import { KeyFileError } from "../../gate/decode-key-file.ts";
import { readPublicKeyFile } from "../../gate/read-public-key-file.ts";
import type { pubkey } from "./pubkey.ts";

interface DescribedKey {
  readonly pem: string;
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly thumbprint: string;
}

/** Prints the public half of a key; the thumbprint goes to standard error, so that output can be a file. */
export async function runPubkey(
  options: OptionsOf<typeof pubkey>,
  context: CommandContext,
  { file }: OperandsOf<typeof pubkey>,
): Promise<ExitCode> {
  const { out, err } = context;
  const keys = await describeKeys(await readInput(file, context), nameOfInput(file));
  if (options.json) {
    out.json({ keys });
    return exitCode.success;
  }
  if (options.format === "pem") out.line(keys.map(({ pem }) => pem.trimEnd()).join("\n"));
  if (options.format === "jwk") for (const { jwk } of keys) out.line(JSON.stringify(jwk, null, 2));
  if (options.format === "jwks") out.line(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }, null, 2));
  for (const { thumbprint } of keys) err.line(err.colours.dim(`thumbprint ${thumbprint}`));
  return exitCode.success;
}

async function describeKeys(bytes: Buffer, name: string): Promise<DescribedKey[]> {
  try {
    const { text: source } = readPublicKeyFile(bytes, name);
    // The gate checks the key first: what it would refuse is not printed as if it were usable.
    const thumbprints = await keyThumbprints(source);
    return keyObjects(source).map((key, index) => describe(key, thumbprints[index] ?? ""));
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const isKnown = isConfigurationError(error) || error instanceof KeyFileError;
    throw isKnown
      ? failure(`${name}: ${error.problem}`, error.remedy)
      : failure(`${name}: ${(error as Error).message}`);
  }
}

function keyObjects(source: PublicKeySource): KeyObject[] {
  const text = String(source).replace(/^\uFEFF/, "");
  if (!/^\s*\{/.test(text)) {
    const [block] = findPemBlocks(text);
    return [createPublicKey(block ? pemText(block) : text)];
  }
  const parsed = JSON.parse(text) as PublicJwk | PublicJwkSet;
  const jwks = "keys" in parsed ? parsed.keys : [parsed];
  return jwks.map((jwk) => createPublicKey({ key: jwk as JsonWebKeyInput["key"], format: "jwk" }));
}

function describe(key: KeyObject, thumbprint: string): DescribedKey {
  const { n, e } = key.export({ format: "jwk" });
  return {
    pem: key.export({ type: "spki", format: "pem" }).toString(),
    jwk: { kty: "RSA", n, e, alg: "RS256", use: "sig", kid: thumbprint },
    thumbprint,
  };
}
