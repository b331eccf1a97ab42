import { type ConfigurationError, keyError } from "./configuration-error.ts";
import { derTag, writeDer } from "./der.ts";

/** An RSA public key fit for RS256, whatever format it came in; numbers big-endian, without leading zeros. */
export interface RsaPublicKey {
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
  /** The name that the key's JWK gives it; PEM has none. */
  readonly kid: string | undefined;
}

/** The object identifier of plain RSA keys, 1.2.840.113549.1.1.1 (RFC 8017 appendix A). */
export const rsaEncryption: readonly number[] = [42, 134, 72, 134, 247, 13, 1, 1, 1];

/**
 * Checks the numbers of an RSA public key.
 *
 * RFC 7518 section 3.3 requires at least 2048 bits; the upper bounds keep a hostile key from making
 * every check slow; an even or tiny exponent is never what a sound tool generates.
 */
export function rsaPublicKey(n: Uint8Array, e: Uint8Array, kid?: string): RsaPublicKey {
  const modulus = withoutLeadingZeros(n);
  const exponent = withoutLeadingZeros(e);
  const modulusBits = bitLength(modulus);
  const exponentBits = bitLength(exponent);
  if (modulusBits < 2048 || modulusBits > 8192) {
    throw unusable(`the RSA key has ${modulusBits} bits; use one of 2048 to 8192 bits`);
  }
  if (exponentBits < 17) {
    const value = exponent.reduce((sum, byte) => sum * 256 + byte, 0);
    throw unusable(`the RSA key has the public exponent ${value}; it must be 65537 or more`);
  }
  if (!isOdd(modulus) || !isOdd(exponent) || exponentBits > 64) throw unusable("the RSA key is damaged or unsound");
  return { modulus, exponent, kid };
}

function unusable(problem: string): ConfigurationError {
  return keyError(problem, "Generate another: openssl genrsa -out key.pem 2048");
}

/** The key as SubjectPublicKeyInfo (RFC 5280 section 4.1), the form that every runtime imports. */
export function subjectPublicKeyInfo({ modulus, exponent }: RsaPublicKey): Uint8Array<ArrayBuffer> {
  const key = writeDer(derTag.sequence, [...derInteger(modulus), ...derInteger(exponent)]);
  const identifier = writeDer(derTag.objectIdentifier, rsaEncryption);
  const algorithm = writeDer(derTag.sequence, [...identifier, 0x05, 0x00]); // NULL: no parameters (RFC 3279 section 2.3.1)
  return new Uint8Array(writeDer(derTag.sequence, [...algorithm, ...writeDer(derTag.bitString, [0, ...key])]));
}

/** If the first bit of a number is set, a leading zero keeps the number positive. */
function derInteger(bytes: Uint8Array): number[] {
  return writeDer(derTag.integer, (bytes[0] as number) < 0x80 ? [...bytes] : [0, ...bytes]);
}

function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (bytes[start] === 0) start += 1;
  return bytes.subarray(start);
}

function bitLength(bytes: Uint8Array): number {
  return bytes.length === 0 ? 0 : bytes.length * 8 - (Math.clz32(bytes[0] as number) - 24);
}

function isOdd(bytes: Uint8Array): boolean {
  return (bytes[bytes.length - 1] as number) % 2 === 1;
}
