import { createPublicKey } from "node:crypto";
import { decodeText } from "../system/decode-text.ts";

/** What is in a key file that is not text, the likeliest first. */
const binaryKinds = ["CERTIFICATE", "PUBLIC KEY", "PRIVATE KEY", "RSA PRIVATE KEY", "RSA PUBLIC KEY"];

/** PFX (RFC 7292 section 4): a sequence that begins with the version 3. */
const pkcs12 = /^30(80|81..|82.{4}|83.{6})020103/;

/**
 * Reads a key file as text; what is binary (DER), as Keychain Access and Windows export certificates,
 * becomes PEM.
 *
 * Throws a sentence for people.
 */
export function decodeKeyFile(bytes: Buffer): string {
  const [first, second] = bytes;
  if (first !== 0x30 || second === undefined || second < 0x80) return decodeText(bytes); // SEQUENCE, of 128 bytes or more
  if (pkcs12.test(bytes.toString("hex", 0, 8))) {
    throw new Error(
      "it is a PKCS#12 file, which holds a private key and its certificate; take the certificate out: openssl pkcs12 -in FILE -nokeys -clcerts, or the private key: -nocerts -nodes",
    );
  }
  const base64 = bytes.toString("base64");
  const pem = binaryKinds.map((kind) => `-----BEGIN ${kind}-----\n${base64}\n-----END ${kind}-----\n`).find(isKey);
  if (pem === undefined) throw new Error("it is binary, and no key or certificate that can be read; give it as PEM");
  return pem;
}

function isKey(pem: string): boolean {
  try {
    return createPublicKey(pem) !== undefined;
  } catch {
    return false;
  }
}
