import { createPublicKey } from "node:crypto";
import { findPemBlocks, type PemBlock } from "@portcullis/issuer/pem";

/** Algorithms of public keys other than RSA, by object identifier in DER (GB/T 32918, RFC 5480, 3279, 4055, 8410). */
const otherKinds: readonly (readonly [kind: string, identifier: string])[] = [
  // The curve before the algorithm: an SM2 key is an EC key with a special curve.
  ["SM2", "06082a811ccf5501822d"],
  ["EC", "06072a8648ce3d0201"],
  ["DSA", "06072a8648ce380401"],
  ["X9.42", "06072a8648ce3e0201"],
  ["RSA-PSS", "06092a864886f70d01010a"],
  ["X25519", "06032b656e"],
  ["X448", "06032b656f"],
  ["Ed25519", "06032b6570"],
  ["Ed448", "06032b6571"],
];

/**
 * The first bytes of a SubjectPublicKeyInfo (RFC 5280 section 4.1): they contain both identifiers, and no byte of an
 * RSA modulus.
 */
const longestAlgorithm = 32;

/**
 * What kind of key the text contains, if one of its keys is not an RSA key: core says only that it is of another type.
 */
export function otherKeyKind(text: string): string | undefined {
  for (const block of findPemBlocks(text)) {
    const algorithm = readPublicKeyInfo(block).subarray(0, longestAlgorithm);
    const [kind] = otherKinds.find(([, identifier]) => algorithm.includes(Buffer.from(identifier, "hex"))) ?? [];
    if (kind !== undefined) return kind;
  }
  return undefined;
}

/** Empty for a block that contains neither a public key nor a certificate that Node can read. */
function readPublicKeyInfo({ label, body }: PemBlock): Buffer {
  const der = Buffer.from(body, "base64");
  if (label === "PUBLIC KEY") return der;
  if (!label.endsWith("CERTIFICATE")) return Buffer.alloc(0);
  try {
    const pem = `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
    return createPublicKey(pem).export({ type: "spki", format: "der" });
  } catch {
    return Buffer.alloc(0);
  }
}
