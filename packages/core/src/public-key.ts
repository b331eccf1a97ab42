import { decodeBase64urlText } from "./base64url.ts";
import { type ConfigurationError, keyError } from "./configuration-error.ts";
import { derTag } from "./der.ts";
import { readDerPublicKey } from "./der-public-key.ts";
import { readPemPublicKey } from "./pem-public-key.ts";
import type { VerificationKey } from "./rs256.ts";
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

/** The shape of a Web Crypto `CryptoKey`, declared here so that users do not need DOM types. */
export interface CryptoKeyLike {
  readonly type: string;
  readonly extractable: boolean;
  readonly algorithm: { readonly name: string };
  readonly usages: readonly string[];
}

/**
 * One public key, or several in a JWK Set; text is PEM, or a JWK or JWK Set as JSON; bytes are such text, or DER. A
 * `VerificationKey` has been imported already.
 */
export type PublicKeySource = string | Uint8Array | PublicJwk | PublicJwkSet | CryptoKeyLike | VerificationKey;

/** A key that was parsed or imported, or, for a `CryptoKey`, a function that reads it. */
export type ParsedPublicKey = RsaPublicKey | VerificationKey | (() => Promise<RsaPublicKey>);

/** Parses one source of keys; throws a configuration error that says what was found instead. */
export function readPublicKeys(source: unknown): ParsedPublicKey[] {
  if (typeof source === "string") {
    return /^\s*\{/.test(source) ? readPublicKeys(parseJson(source)) : [readPemPublicKey(source)];
  }
  // Any view of bytes: `instanceof Uint8Array` fails between realms.
  if (ArrayBuffer.isView(source)) {
    const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    return bytes[0] === derTag.sequence ? [readDerPublicKey(bytes)] : readPublicKeys(new TextDecoder().decode(bytes));
  }
  if (isCryptoKey(source)) return [readCryptoKey(source)];
  if (isVerificationKey(source)) return [source];
  const jwk = membersOf(source);
  return Array.isArray(jwk.keys) ? readJwkSet(jwk.keys) : [readJwk(jwk)];
}

/** A JWK before it is checked. */
type AnyJwk = Readonly<Record<string, unknown>>;

function membersOf(value: unknown): AnyJwk {
  return typeof value === "object" && value !== null ? (value as AnyJwk) : {};
}

/**
 * A `CryptoKey` is recognised by its algorithm: a JWK can have members named `usages` or `type`, but no member that is
 * an object with a name.
 */
function isCryptoKey(source: unknown): source is CryptoKeyLike {
  return typeof (source as Partial<CryptoKeyLike> | null)?.algorithm?.name === "string";
}

/**
 * A `VerificationKey` is recognised by its function, which JSON cannot contain; `instanceof` and symbols fail between
 * the ESM and the CommonJS copy of this package.
 */
export function isVerificationKey(source: unknown): source is VerificationKey {
  return typeof (source as Partial<VerificationKey> | null)?.verify === "function";
}

/** Trimming removes a byte order mark too. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.trim());
  } catch {
    throw keyError("the JWK is not valid JSON", "Copy it again.");
  }
}

/**
 * Uses the keys of a set that are meant for RS256 signatures and ignores the others, as RFC 7517 section 5 recommends:
 * a set can hold keys for other purposes. A key that is ignored verifies nothing, so its tokens are refused. If none is
 * left, or if the set contains a private key, the whole set is refused.
 */
function readJwkSet(members: readonly unknown[]): RsaPublicKey[] {
  const keys: RsaPublicKey[] = [];
  let problem = "it is empty";
  for (const member of members) {
    const jwk = membersOf(member);
    refusePrivateJwk(jwk);
    try {
      keys.push(readJwk(jwk));
    } catch (error) {
      ({ problem } = error as ConfigurationError);
    }
  }
  if (keys.length === 0) throw keyError(`no key in the JWK Set can be used: ${problem}`);
  return keys;
}

/** Looks at the values: the public JWKs that workerd exports have every member, most of them undefined. */
function refusePrivateJwk({ d, k }: AnyJwk): void {
  if (d === undefined && k === undefined) return;
  throw keyError("the JWK is a private or secret key", "Keep only its kty, n, e and kid.");
}

function readJwk(jwk: AnyJwk): RsaPublicKey {
  refusePrivateJwk(jwk);
  const { kty, n, e, kid, use = "sig", key_ops: operations = ["verify"], alg = "RS256" } = jwk;
  const modulus = typeof n === "string" && decodeBase64urlText(n);
  const exponent = typeof e === "string" && decodeBase64urlText(e);
  const isForVerifying = Array.isArray(operations) && operations.includes("verify");
  const isForRs256 = kty === "RSA" && use === "sig" && alg === "RS256" && isForVerifying;
  if (!isForRs256 || !modulus || !exponent || (kid !== undefined && typeof kid !== "string")) {
    throw keyError("this is not an RSA JWK for RS256; look at its kty, use, key_ops, alg, n and e");
  }
  return rsaPublicKey(modulus, exponent, kid);
}

function readCryptoKey(key: CryptoKeyLike): () => Promise<RsaPublicKey> {
  const { name, hash } = key.algorithm as { name: string; hash?: { name: string } };
  if (name !== "RSASSA-PKCS1-v1_5" || hash?.name !== "SHA-256" || key.type !== "public" || !key.extractable) {
    throw keyError("the CryptoKey must be an extractable public RSASSA-PKCS1-v1_5 key with SHA-256");
  }
  return async () => {
    const { kty, n, e } = await crypto.subtle.exportKey("jwk", key as unknown as CryptoKey);
    return readJwk({ kty, n, e });
  };
}
