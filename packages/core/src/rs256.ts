import { encodeBase64url } from "./base64url.ts";
import { type RsaPublicKey, subjectPublicKeyInfo } from "./rsa-public-key.ts";

/** A public key ready to verify RS256 signatures (RFC 7518 section 3.3) with this runtime's crypto. */
export interface VerificationKey extends RsaPublicKey {
  /** RFC 7638 SHA-256 thumbprint in base64url, which identifies the key in logs. */
  readonly keyId: string;
  /** Whether this key made the signature, which must be as long as the modulus. */
  verify(signingInput: Uint8Array, signature: Uint8Array): boolean | Promise<boolean>;
}

/** The part of `node:crypto` that is used if the runtime has it. */
interface NodeCrypto {
  createPublicKey(source: { key: Uint8Array; format: "der"; type: "spki" }): object;
  createHash(algorithm: "sha256"): { update(data: Uint8Array): { digest(): Uint8Array } };
  /** Absent from some of the runtimes that imitate Node. */
  hash?(algorithm: "sha256", data: string, encoding: "hex"): string;
  verify(algorithm: "sha256", data: Uint8Array, key: object, signature: Uint8Array): boolean;
}

// `node:crypto` is synchronous, and faster than `crypto.subtle` wherever it exists: a check takes 0.5 to 0.7 × the time
// on Node, 0.6 × on Bun, 0.9 × on Deno and workerd. It is looked up by name at run time, so that no bundler sees an
// import.
const nodeCrypto = (
  globalThis as { process?: { getBuiltinModule?(name: string): unknown } }
).process?.getBuiltinModule?.("node:crypto") as NodeCrypto | undefined;

const text = new TextEncoder();

/** Imports a key; rejects if this runtime cannot use it. */
export async function importKey(key: RsaPublicKey): Promise<VerificationKey> {
  return nodeCrypto ? importWithNodeCrypto(key, nodeCrypto) : importWithWebCrypto(key);
}

function importWithNodeCrypto(key: RsaPublicKey, node: NodeCrypto): VerificationKey {
  const spki = subjectPublicKeyInfo(key);
  const publicKey = node.createPublicKey({ key: spki, format: "der", type: "spki" });
  const thumbprint = node.createHash("sha256").update(thumbprintInput(key)).digest();
  // RSASSA-PKCS1-v1_5 is the padding that `verify` uses for an RSA key unless another is named.
  return verificationKey(key, thumbprint, (input, signature) => node.verify("sha256", input, publicKey, signature));
}

async function importWithWebCrypto(key: RsaPublicKey): Promise<VerificationKey> {
  const { subtle } = crypto;
  const rs256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const publicKey = await subtle.importKey("spki", subjectPublicKeyInfo(key), rs256, false, ["verify"]);
  const thumbprint = await subtle.digest("SHA-256", thumbprintInput(key));
  return verificationKey(key, new Uint8Array(thumbprint), (signingInput, signature) =>
    subtle.verify(rs256, publicKey, signature as BufferSource, signingInput as BufferSource),
  );
}

function verificationKey(key: RsaPublicKey, hash: Uint8Array, verify: VerificationKey["verify"]): VerificationKey {
  return { ...key, keyId: encodeBase64url(hash), verify };
}

/** The members that RFC 7638 section 3.2 requires of an RSA key, in its order and without spaces. */
function thumbprintInput({ modulus, exponent }: RsaPublicKey): Uint8Array<ArrayBuffer> {
  const n = encodeBase64url(modulus);
  const e = encodeBase64url(exponent);
  return text.encode(`{"e":"${e}","kty":"RSA","n":"${n}"}`);
}

/** SHA-256 of a string in UTF-8, in hexadecimal. */
export async function sha256(input: string): Promise<string> {
  if (nodeCrypto?.hash) return nodeCrypto.hash("sha256", input, "hex");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text.encode(input)));
  let hex = "";
  for (const byte of digest) hex += byte.toString(16).padStart(2, "0");
  return hex;
}
