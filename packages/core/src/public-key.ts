import { configurationError } from "./configuration-error.ts";
import { readPemPublicKey } from "./pem-public-key.ts";
import { jwkNumber, type RsaPublicKey, rsaPublicKey } from "./rsa-public-key.ts";

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

/** The shape of a Web Crypto `CryptoKey`, named here so that no DOM types are needed. */
export interface CryptoKeyLike {
  readonly type: string;
  readonly extractable: boolean;
  readonly algorithm: { readonly name: string };
  readonly usages: readonly string[];
}

/** The shape of a `KeyObject` of `node:crypto`. */
export interface KeyObjectLike {
  readonly type: string;
  export(options: { format: "jwk" }): unknown;
}

/** One public key, or several in a JWK Set, in any form people have it. */
export type PublicKeySource = string | PublicJwk | PublicJwkSet | CryptoKeyLike | KeyObjectLike;

/** A key that was read, or, for a `CryptoKey`, a function that reads it. */
export type PublicKeyReading = RsaPublicKey | (() => Promise<RsaPublicKey>);

/** Reads one source of keys; throws a configuration error that says what was found instead. */
export function readPublicKeys(source: unknown): PublicKeyReading[] {
  if (typeof source === "string") return readKeyText(source);
  if (typeof source !== "object" || source === null || Array.isArray(source)) {
    throw configurationError(
      "keys",
      `a key cannot be ${describe(source)}; give PEM text, a JWK, a JWK Set or a CryptoKey`,
    );
  }
  if ("usages" in source) return [readCryptoKey(source as CryptoKeyLike)];
  if (typeof (source as KeyObjectLike).export === "function")
    return [readKeyObject(source as KeyObjectLike)];
  if (!("keys" in source)) return [readJwk(source)];
  const { keys } = source;
  if (Array.isArray(keys) && keys.length > 0) return keys.map(readJwk);
  throw configurationError("keys", 'the JWK Set has no keys; its "keys" must be a non-empty array');
}

function readKeyText(text: string): PublicKeyReading[] {
  if (!/^[\s\uFEFF]*\{/.test(text)) return [readPemPublicKey(text)];
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw configurationError(
      "keys",
      "the text starts like a JWK but is not JSON; copy it again, whole",
    );
  }
  return readPublicKeys(parsed);
}

function readJwk(source: unknown): RsaPublicKey {
  if (typeof source !== "object" || source === null) {
    throw configurationError(
      "keys",
      `a JWK cannot be ${describe(source)}; it is an object with "kty", "n" and "e"`,
    );
  }
  const jwk = source as PublicJwk;
  const problem = jwkProblem(jwk);
  if (problem) throw configurationError("keys", problem);
  return rsaPublicKey(jwkNumber(jwk.n, "n"), jwkNumber(jwk.e, "e"), jwk.kid);
}

function jwkProblem(jwk: PublicJwk): string | undefined {
  const { kty, use, key_ops: operations, alg, kid } = jwk;
  if ("k" in jwk) return "the JWK holds a shared secret; RS256 needs an RSA public key";
  if (kty !== "RSA") return `the JWK's "kty" is ${describe(kty)}; RS256 needs "RSA"`;
  const isPrivate = ["d", "p", "q", "dp", "dq", "qi", "oth"].some((name) => name in jwk);
  if (isPrivate)
    return 'the JWK is a private key, which a web server must not hold; keep only "kty", "n", "e" and "kid"';
  if (use !== undefined && use !== "sig")
    return `the JWK's "use" is ${describe(use)}; it must be "sig" or absent`;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) {
    return 'the JWK\'s "key_ops" does not include "verify"';
  }
  if (alg !== undefined && alg !== "RS256")
    return `the JWK's "alg" is ${describe(alg)}; it must be "RS256" or absent`;
  if (kid !== undefined && typeof kid !== "string") return 'the JWK\'s "kid" is not a string';
  return undefined;
}

function readCryptoKey(key: CryptoKeyLike): () => Promise<RsaPublicKey> {
  const { name, hash } = key.algorithm as { name: string; hash?: { name: string } };
  if (
    name !== "RSASSA-PKCS1-v1_5" ||
    hash?.name !== "SHA-256" ||
    key.type !== "public" ||
    !key.usages.includes("verify")
  ) {
    throw configurationError(
      "keys",
      'the CryptoKey is not for RS256; import a public key as RSASSA-PKCS1-v1_5 with SHA-256 for ["verify"]',
    );
  }
  if (!key.extractable) {
    throw configurationError(
      "keys",
      "the CryptoKey is not extractable; import the public key with extractable set to true",
    );
  }
  return async () => readJwk(await crypto.subtle.exportKey("jwk", key as unknown as CryptoKey));
}

function readKeyObject(key: KeyObjectLike): RsaPublicKey {
  if (key.type === "public") return readJwk(key.export({ format: "jwk" }));
  throw configurationError(
    "keys",
    `the KeyObject is ${describe(key.type)}; a web server holds the public half only: crypto.createPublicKey(key)`,
  );
}

/** Names what was found without showing it: it may be a secret in the wrong place. */
function describe(value: unknown): string {
  if (typeof value === "string" && /^[A-Za-z0-9_-]{1,16}$/.test(value)) return `"${value}"`;
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `of type ${typeof value}`;
}
