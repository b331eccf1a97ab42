import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { jamfClaims, segment, testTime } from "./web-signing-key.ts";

export { jamfClaims, segment, testTime };

/**
 * A temporary RSA key pair. Every test file makes its own; none is ever committed.
 *
 * For tests on Node.js only: synchronous, with the `KeyObject`s that export every format. Tests that run in every runtime
 * use `web-signing-key.ts`, which cannot be synchronous because Web Crypto is not.
 */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** SPKI PEM. */
  readonly publicPem: string;
}

/** Creates a key pair; 2048 bits by default. */
export function signingKey(modulusLength = 2048): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength });
  return {
    privateKey,
    publicKey,
    publicPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

/** Signs any header and any claims with RS256, valid or not; strings are used unchanged. */
export function signToken(key: SigningKey, claims: unknown = jamfClaims, header: unknown = { alg: "RS256" }): string {
  const signingInput = `${segment(header)}.${segment(claims)}`;
  return `${signingInput}.${sign("sha256", Buffer.from(signingInput), key.privateKey).toString("base64url")}`;
}
