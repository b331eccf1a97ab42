import { createHash, createPublicKey, type KeyObject } from "node:crypto";

/** The public half of an issuer's key, for the gate. */
export interface IssuerPublicKey {
  /** SPKI PEM, as `openssl rsa -pubout` writes it. */
  readonly pem: string;
  /** The same key as a JWK (RFC 7517); its `kid` is {@link IssuerPublicKey.keyId}. */
  readonly jwk: IssuerJwk;
  /** RFC 7638 SHA-256 thumbprint, which identifies the key in logs and in the gate's decisions. */
  readonly keyId: string;
}

/** An RSA public key as a JWK, marked for verifying RS256 signatures. */
export interface IssuerJwk {
  readonly kty: "RSA";
  readonly n: string;
  readonly e: string;
  readonly alg: "RS256";
  readonly use: "sig";
  readonly kid: string;
}

/** Describes the public half of a private key. */
export function publicHalf(privateKey: KeyObject): IssuerPublicKey {
  const publicKey = createPublicKey(privateKey);
  const { n, e } = publicKey.export({ format: "jwk" }) as { n: string; e: string };
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  // RFC 7638 section 3.2: the required members in this order, without spaces.
  const keyId = createHash("sha256").update(`{"e":"${e}","kty":"RSA","n":"${n}"}`).digest("base64url");
  const jwk = Object.freeze({ kty: "RSA", n, e, alg: "RS256", use: "sig", kid: keyId } as const);
  return Object.freeze({ pem, jwk, keyId });
}
