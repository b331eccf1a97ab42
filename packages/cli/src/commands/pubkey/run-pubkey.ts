import { createPublicKey } from "node:crypto";
import { importKeys, isConfigurationError, type VerificationKey } from "@portcullis/core";
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
    // Reads what the gate itself reads: a key that it refuses or ignores is not printed as if it were usable.
    return (await importKeys(source)).map(describe);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const isKnown = isConfigurationError(error) || error instanceof KeyFileError;
    throw isKnown
      ? failure(`${name}: ${error.problem}`, error.remedy)
      : failure(`${name}: ${(error as Error).message}`);
  }
}

function describe({ keyId, modulus, exponent }: VerificationKey): DescribedKey {
  const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
  const numbers = { kty: "RSA", n: base64url(modulus), e: base64url(exponent) };
  return {
    pem: createPublicKey({ key: numbers, format: "jwk" }).export({ type: "spki", format: "pem" }).toString(),
    jwk: { ...numbers, alg: "RS256", use: "sig", kid: keyId },
    thumbprint: keyId,
  };
}
