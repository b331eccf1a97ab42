import { createPublicKey } from "node:crypto";
import { isConfigurationError } from "@portcullis/core";
import { isPrivateJwk, readEncryptionKey } from "@portcullis/issuer/encryption-key";
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
  if (!/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text) && !isPrivateJwk(text)) return undefined;
  try {
    return createPublicKey(readEncryptionKey(text, undefined)).export({ type: "spki", format: "pem" }).toString();
  } catch (error) {
    throw refusalOf(error, text, shellQuote(source));
  }
}

/** The issuer's message, except for a key whose public half a command can extract. */
function refusalOf(error: unknown, text: string, file: string): unknown {
  if (!isConfigurationError(error)) return error;
  if (error.option === "passphrase") {
    return new KeyFileError(
      "it is an encrypted private key",
      `To extract its public half, run: openssl pkey -in ${file} -pubout -out public.pem`,
    );
  }
  if (!/BEGIN OPENSSH/.test(text)) return new KeyFileError(error.problem, error.remedy);
  // The public half in an OpenSSH key is not encrypted; that of an RSA key contains "ssh-rsa".
  const [{ body = "" } = {}] = findPemBlocks(text);
  if (!Buffer.from(body, "base64").toString("latin1").includes("ssh-rsa")) {
    return new KeyFileError(
      "it is a private key in OpenSSH's own format, and not an RSA key",
      "Tokens are signed with an RSA key: use the one that is in Jamf Pro",
    );
  }
  return new KeyFileError(
    "it is a private key in OpenSSH's own format",
    `To extract its public half, run: ssh-keygen -f ${file} -e -m PKCS8 > public.pem`,
  );
}
