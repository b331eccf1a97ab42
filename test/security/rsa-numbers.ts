import type { WebSigningKey } from "../support/web-signing-key.ts";

/** The numbers of a test key, for signatures that no library would create. */
export interface RsaNumbers {
  readonly modulus: bigint;
  /** The length of the modulus, in bytes. */
  readonly length: number;
  /** The private operation on a whole block, without any padding of its own (RFC 8017 section 5.2.1). */
  sign(block: Uint8Array): Uint8Array;
}

/** Reads the numbers of a key. Not in constant time, so for test keys only. */
export async function rsaNumbers(key: WebSigningKey): Promise<RsaNumbers> {
  const jwk = await crypto.subtle.exportKey("jwk", key.privateKey);
  const read = (name: "n" | "p" | "q" | "dp" | "dq" | "qi"): bigint => toNumber(fromBase64url(jwk[name] ?? ""));
  const [modulus, p, q, dp, dq, qi] = [read("n"), read("p"), read("q"), read("dp"), read("dq"), read("qi")];
  const { length } = fromBase64url(jwk.n ?? "");
  return {
    modulus,
    length,
    sign(block) {
      // RFC 8017 section 5.1.2, step 2b: four times as fast as one exponentiation with the modulus.
      const number = toNumber(block);
      const [ofP, ofQ] = [power(number, dp, p), power(number, dq, q)];
      const difference = (((ofP - ofQ) * qi) % p) + p;
      return toBytes(ofQ + q * (difference % p), length);
    },
  };
}

export function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`);
}

/** Big-endian, with leading zeros. */
export function toBytes(number: bigint, length: number): Uint8Array {
  const hex = number.toString(16).padStart(2 * length, "0");
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
}

export function fromBase64url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}
