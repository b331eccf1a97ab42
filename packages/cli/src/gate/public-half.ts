import { createPublicKey } from "node:crypto";
import { isConfigurationError } from "@portcullis/core";
import { readEncryptionKey } from "@portcullis/issuer/encryption-key";
import { findPemBlocks } from "@portcullis/issuer/pem";
import { shellQuote } from "../terminal/shell-quote.ts";
import { KeyFileError } from "./decode-key-file.ts";

/**
 * The public half of a private key, as PEM; `undefined` if the text is not a private key. It is read as the issuer
 * reads it, so that a key can be used on both sides or on neither.
 *
 * Throws a `KeyFileError` that says what is wrong with the private key.
 */
export function readPublicHalf(text: string, source: string): string | undefined {
  const jwk = readPrivateJwk(text);
  if (jwk !== undefined) return spkiOf({ key: jwk, format: "jwk" });
  if (!/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text)) return undefined;
  try {
    return spkiOf(readEncryptionKey(text, undefined));
  } catch (error) {
    throw refusalOf(error, text, shellQuote(source));
  }
}

function spkiOf(key: Parameters<typeof createPublicKey>[0]): string {
  return createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
}

/** What the issuer says, but for a key of which a command makes the public half. */
function refusalOf(error: unknown, text: string, file: string): unknown {
  if (!isConfigurationError(error)) return error;
  if (error.option === "passphrase") {
    return new KeyFileError(
      "it is an encrypted private key",
      `To make its public half, run: openssl pkey -in ${file} -pubout -out public.pem`,
    );
  }
  if (!/BEGIN OPENSSH/.test(text)) return new KeyFileError(error.problem, error.remedy);
  // The public half in it is not encrypted; that of an RSA key says ssh-rsa.
  const [{ body = "" } = {}] = findPemBlocks(text);
  if (!Buffer.from(body, "base64").toString("latin1").includes("ssh-rsa")) {
    return new KeyFileError(
      "it is a private key in OpenSSH's own format, and not an RSA key",
      "Tokens are signed with an RSA key: give the one that is in Jamf Pro",
    );
  }
  return new KeyFileError(
    "it is a private key in OpenSSH's own format",
    `To make its public half, run: ssh-keygen -f ${file} -e -m PKCS8 > public.pem`,
  );
}

function readPrivateJwk(text: string): JsonWebKeyInput | undefined {
  if (!/^[\s\uFEFF]*\{/.test(text)) return undefined;
  try {
    const jwk = JSON.parse(text.replace(/^\uFEFF/, "")) as JsonWebKeyInput;
    return jwk.kty === "RSA" && "d" in jwk ? jwk : undefined;
  } catch {
    return undefined; // the gate says what is wrong with it
  }
}

type JsonWebKeyInput = { readonly kty?: string } & Record<string, unknown>;
