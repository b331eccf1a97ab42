import { decodeBase64url } from "./base64url.ts";
import { configurationError } from "./configuration-error.ts";
import { derTag, rsaEncryption, writeDer } from "./der.ts";

/** An RSA public key fit for RS256, whatever format it came in. */
export interface RsaPublicKey {
  /** Big-endian, no leading zeros. */
  readonly modulus: Uint8Array;
  /** Big-endian, no leading zeros. */
  readonly exponent: Uint8Array;
  /** The name a JWK gave the key; PEM has none. */
  readonly kid: string | undefined;
}

/**
 * Judges the numbers of an RSA public key.
 *
 * RFC 7518 section 3.3 asks for 2048 bits at least; the upper bounds keep a hostile key from
 * making every check slow; an even or tiny exponent is never what a sound tool generates.
 */
export function rsaPublicKey(n: Uint8Array, e: Uint8Array, kid?: string): RsaPublicKey {
  const modulus = withoutLeadingZeros(n);
  const exponent = withoutLeadingZeros(e);
  const modulusBits = bitLength(modulus);
  if (modulusBits < 2048 || modulusBits > 8192) {
    throw configurationError(
      "keys",
      `the RSA key has ${modulusBits} bits; use one of 2048 to 8192 bits (openssl genrsa -out key.pem 2048)`,
    );
  }
  const exponentBits = bitLength(exponent);
  const exponentIsSound = isOdd(exponent) && exponentBits >= 17 && exponentBits <= 64;
  if (!isOdd(modulus) || !exponentIsSound) {
    throw configurationError(
      "keys",
      "the RSA key is damaged or unsound: its modulus must be odd and its exponent an odd number from 65537 up to 64 bits",
    );
  }
  return { modulus, exponent, kid };
}

/** The key as SubjectPublicKeyInfo (RFC 5280 section 4.1), the form that every runtime imports. */
export function subjectPublicKeyInfo({ modulus, exponent }: RsaPublicKey): Uint8Array<ArrayBuffer> {
  const algorithm = writeDer(derTag.sequence, [
    writeDer(derTag.objectIdentifier, [rsaEncryption]),
    writeDer(derTag.null, []),
  ]);
  const zero = Uint8Array.of(0);
  const key = writeDer(derTag.sequence, [
    writeDer(derTag.integer, [zero, modulus]), // the modulus starts with a set bit: a zero keeps it positive
    writeDer(derTag.integer, [zero, exponent]),
  ]);
  return writeDer(derTag.sequence, [algorithm, writeDer(derTag.bitString, [zero, key])]);
}

/** Reads one of a JWK's numbers (RFC 7518 section 2, Base64urlUInt). */
export function jwkNumber(value: unknown, name: "n" | "e"): Uint8Array {
  const bytes = typeof value === "string" && value !== "" ? decodeBase64url(value) : undefined;
  if (bytes) return bytes;
  throw configurationError(
    "keys",
    `the JWK's "${name}" is missing or not base64url; copy the JWK again`,
  );
}

function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (bytes[start] === 0) start += 1;
  return bytes.subarray(start);
}

function bitLength(bytes: Uint8Array): number {
  const first = bytes[0];
  return first === undefined ? 0 : bytes.length * 8 - (Math.clz32(first) - 24);
}

function isOdd(bytes: Uint8Array): boolean {
  return ((bytes[bytes.length - 1] ?? 0) & 1) === 1;
}
