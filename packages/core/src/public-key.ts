import { decodeBase64urlText } from "./base64url.ts";
import { configurationError } from "./configuration-error.ts";
import { readPemPublicKey } from "./pem-public-key.ts";
import { type RsaPublicKey, rsaPublicKey } from "./rsa-public-key.ts";

/** A JSON Web Key (RFC 7517); only RSA public keys are accepted. */
export interface PublicJwk {
  readonly kty?: string;
  readonly n?: string;
  readonly e?: string;
  readonly kid?: string;
  readonly use?: string;
  readonly key_ops?: readonly string[];
  readonly alg?: string;
}

/** A JSON Web Key Set (RFC 7517 section 5). */
export interface PublicJwkSet {
  readonly keys: readonly PublicJwk[];
}

/** The shape of a Web Crypto `CryptoKey`, named here so that users need no DOM types. */
export interface CryptoKeyLike {
  readonly type: string;
  readonly extractable: boolean;
  readonly algorithm: { readonly name: string };
  readonly usages: readonly string[];
}

/** One public key, or several in a JWK Set; text is PEM, or a JWK or JWK Set as JSON. */
export type PublicKeySource = string | PublicJwk | PublicJwkSet | CryptoKeyLike;

/** A key that was read, or, for a `CryptoKey`, a function that reads it. */
export type ParsedPublicKey = RsaPublicKey | (() => Promise<RsaPublicKey>);

/** Reads one source of keys; throws a configuration error that says what was found instead. */
export function readPublicKeys(source: unknown): ParsedPublicKey[] {
  if (typeof source === "string") {
    return /^\s*\{/.test(source) ? readPublicKeys(parseJson(source)) : [readPemPublicKey(source)];
  }
  const { usages, keys } = Object(source) as Partial<CryptoKeyLike & PublicJwkSet>;
  if (usages) return [readCryptoKey(source as CryptoKeyLike)];
  return Array.isArray(keys) ? keys.map(readJwk) : [readJwk(source)];
}

/** Trimming takes a byte order mark away too. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.trim());
  } catch {
    throw configurationError("keys", "the JWK is not valid JSON; copy it again");
  }
}

function readJwk(jwk: unknown): RsaPublicKey {
  const { kty, n, e, kid, use = "sig", key_ops: operations = ["verify"], alg = "RS256", d, k } = Object(jwk);
  // By value: the public JWKs that workerd exports have all names, most of them undefined.
  if (d !== undefined || k !== undefined) {
    throw configurationError("keys", "the JWK is a private or secret key; keep only its kty, n, e and kid");
  }
  const modulus = typeof n === "string" && decodeBase64urlText(n);
  const exponent = typeof e === "string" && decodeBase64urlText(e);
  const isForRs256 =
    kty === "RSA" && use === "sig" && alg === "RS256" && String(operations).split(",").includes("verify");
  if (!isForRs256 || !modulus || !exponent || (kid !== undefined && typeof kid !== "string")) {
    throw configurationError(
      "keys",
      "give PEM text or an RSA JWK for RS256; look at its kty, use, key_ops, alg, n and e",
    );
  }
  return rsaPublicKey(modulus, exponent, kid);
}

function readCryptoKey(key: CryptoKeyLike): () => Promise<RsaPublicKey> {
  const { name, hash } = key.algorithm as { name: string; hash?: { name: string } };
  if (name !== "RSASSA-PKCS1-v1_5" || hash?.name !== "SHA-256" || key.type !== "public" || !key.extractable) {
    throw configurationError("keys", "the CryptoKey must be an extractable public RSASSA-PKCS1-v1_5 key with SHA-256");
  }
  return async () => {
    const { kty, n, e } = await crypto.subtle.exportKey("jwk", key as unknown as CryptoKey);
    return readJwk({ kty, n, e });
  };
}
