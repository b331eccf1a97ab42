import { createPrivateKey, type KeyObject } from "node:crypto";
import { configurationError } from "@portcullis/core";

/** A JSON Web Key before it is checked. */
type AnyJwk = Readonly<Record<string, unknown>>;

/** What the values of `kty` other than `RSA` mean (RFC 7518 section 6.1, RFC 8037). */
const otherKinds: ReadonlyMap<unknown, string> = new Map([
  ["EC", "an elliptic-curve key"],
  ["OKP", "an Ed25519 or X25519 key"],
  ["oct", "a secret for HMAC"],
  ["AKP", "an ML-DSA key"],
]);

const pemInstead =
  "Use the private key in PEM form, or as a JWK (RFC 7517) with the members n, e, d, p, q, dp, dq and qi";

/** Whether text is a private or secret JWK, or a JWK Set that contains one. */
export function isPrivateJwk(text: string): boolean {
  return (readJwks(text) ?? []).some(isPrivate);
}

/**
 * Reads a private RSA key in the form of a JWK (RFC 7517), or of a JWK Set that contains nothing else.
 *
 * @returns `undefined` if the text does not begin like a JSON object
 * @throws {ConfigurationError} naming `encryptionKey`, if the JSON is not one key that can sign
 */
export function readPrivateJwk(text: string): KeyObject | undefined {
  if (!/^\s*\{/.test(text)) return undefined; // a byte order mark is white space
  const jwks = readJwks(text);
  if (jwks === undefined) throw problem("the JWK is not valid JSON", "Copy the whole file again");
  if (jwks.length > 1)
    throw problem(`the JWK Set contains ${jwks.length} keys`, "Keep only the private key to sign with");
  const [jwk = {}] = jwks;
  if (!isPrivate(jwk)) {
    throw typeof jwk.kty === "string"
      ? problem("this is a public key, which cannot sign", "Use the private key that belongs to it")
      : problem("this is JSON, but not a JWK", pemInstead);
  }
  const { kty, use = "sig", key_ops: operations = ["sign"], alg = "RS256" } = jwk;
  if (kty !== "RSA") {
    const kind = otherKinds.get(kty) ?? "a key of another type";
    throw problem(`this is ${kind}, but tokens must be signed with an RSA key`, pemInstead);
  }
  if (use !== "sig" || alg !== "RS256" || !Array.isArray(operations) || !operations.includes("sign")) {
    throw problem(
      "the JWK is not for RS256 signatures; look at its use, key_ops and alg",
      "Create a separate key for these tokens: openssl genrsa -out key.pem 2048",
    );
  }
  try {
    return createPrivateKey({ key: { ...jwk }, format: "jwk" });
  } catch {
    throw problem("the JWK is incomplete or damaged", pemInstead);
  }
}

function isPrivate({ d, k }: AnyJwk): boolean {
  return d !== undefined || k !== undefined;
}

/** The members of a JWK Set, or the only JWK; `undefined` if the text is not JSON. */
function readJwks(text: string): readonly AnyJwk[] | undefined {
  try {
    const json = membersOf(JSON.parse(text.trim())); // trimming removes a byte order mark too
    return Array.isArray(json.keys) ? json.keys.map(membersOf) : [json];
  } catch {
    return undefined;
  }
}

function membersOf(value: unknown): AnyJwk {
  return typeof value === "object" && value !== null ? (value as AnyJwk) : {};
}

function problem(found: string, remedy: string): Error {
  return configurationError("encryptionKey", found, remedy);
}
