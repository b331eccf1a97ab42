import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";

/** Generates an RSA private key of 2048 bits, as PEM. */
export async function generateEncryptionKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}
