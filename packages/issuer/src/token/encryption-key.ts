import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { configurationError } from "@portcullis/core";
import { formatOfFile, formatOfPrivateKey, isMislabelled, legacyCipherOf } from "./key-format.ts";
import { findPemBlocks, type PemBlock, pemText } from "./pem.ts";
import { readPrivateJwk } from "./private-jwk.ts";

export { isPrivateJwk } from "./private-jwk.ts";

/** An RSA key of 8192 bits takes 6.4 KB as PEM; certificates and text can surround it. */
const longestText = 256 * 1024;

const generateOne = "Generate an RSA key: openssl genrsa -out key.pem 2048";
const rsaOnly = "tokens must be signed with an RSA key";

/**
 * Reads the encryption key in the forms that Jamf Pro accepts, an RSA private key as pasted text or as the content of
 * an uploaded file; also reads a JWK.
 *
 * PKCS#8 and PKCS#1 both occur: `openssl genrsa` writes one or the other, depending on its version. Errors say what was
 * found instead; none of them quotes any of it.
 *
 * @param source - PEM text, or a JWK or JWK Set as JSON text; or the bytes of such a file
 * @param passphrase - decrypts the key if it is encrypted; otherwise it is ignored
 * @throws {ConfigurationError} naming `encryptionKey` or `passphrase`
 */
export function readEncryptionKey(source: unknown, passphrase: unknown): KeyObject {
  if (typeof source !== "string" && !(source instanceof Uint8Array)) {
    throw problem("must be the text of an RSA private key in PEM form", generateOne);
  }
  if (passphrase !== undefined && !isPassphrase(passphrase)) {
    throw configurationError("passphrase", "if set, must be a non-empty string or non-empty bytes");
  }
  if (source.length > longestText) {
    throw problem("the text is longer than 256 KiB", "Use one RSA private key in PEM form");
  }
  const text = typeof source === "string" ? source : new TextDecoder().decode(source);
  const jwk = readPrivateJwk(text);
  if (jwk !== undefined) return checkKey(jwk);
  const block = onlyPrivateKey(source, text);
  return checkKey(decode(block, passphrase), block);
}

type Passphrase = string | Uint8Array;

function isPassphrase(value: unknown): value is Passphrase {
  return (typeof value === "string" || value instanceof Uint8Array) && value.length > 0;
}

function onlyPrivateKey(source: string | Uint8Array, text: string): PemBlock {
  const blocks = findPemBlocks(text);
  const [first] = blocks;
  if (!first) throw unreadable(source, text);
  const privateKeys = blocks.filter(({ label }) => label.endsWith("PRIVATE KEY"));
  if (privateKeys.length > 1) {
    throw problem(`the text contains ${privateKeys.length} private keys`, "Keep only the one to sign with");
  }
  const [block = first] = privateKeys;
  const found = foundInstead(block.label);
  if (found) throw found;
  return block;
}

/** The error for a PEM label that no RSA private key has. */
function foundInstead(label: string): Error | undefined {
  if (["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"].includes(label)) return undefined;
  if (label.endsWith("PUBLIC KEY")) {
    return problem(
      "this is a public key, which cannot sign",
      "Use the private key that belongs to it, and use this half on the web server",
    );
  }
  if (label.endsWith("CERTIFICATE REQUEST")) {
    return problem("this is a certificate request", "Use the RSA private key that it was created with");
  }
  if (label.endsWith("CERTIFICATE")) {
    return problem("this is a certificate, which contains only a public key", "Use the private key that belongs to it");
  }
  if (label === "EC PRIVATE KEY") {
    return problem(`this is an elliptic-curve key, but ${rsaOnly}`, generateOne);
  }
  if (label === "DSA PRIVATE KEY") return problem(`this is a DSA key, but ${rsaOnly}`, generateOne);
  if (label === "OPENSSH PRIVATE KEY") {
    return problem(
      "this is a key in OpenSSH's own format",
      "If it is an RSA key, convert a copy of it: ssh-keygen -p -m PEM -f copy-of-key",
    );
  }
  if (label.endsWith("PRIVATE KEY")) {
    return problem(`its BEGIN line names a key of another type, but ${rsaOnly}`, generateOne);
  }
  if (label.endsWith("PARAMETERS")) {
    return problem("this contains the parameters of a key, but no key", generateOne);
  }
  return problem("the PEM text contains no key", generateOne);
}

/** The error for a file without a complete PEM block; fixed text only, because the file might be half a key. */
function unreadable(source: string | Uint8Array, text: string): Error {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  if (trimmed === "") return problem("it is empty", generateOne);
  const format = formatOfFile(source);
  if (format) return problem(`this is ${format.name}`, format.remedy);
  if (trimmed.includes("-----BEGIN ")) {
    return problem("the key is truncated: its BEGIN line has no matching END line", "Copy the whole key again");
  }
  if (trimmed.startsWith("ssh-") || trimmed.startsWith("---- BEGIN SSH2 PUBLIC KEY")) {
    return problem("this is an SSH public key, which cannot sign", "Use an RSA private key in PEM form");
  }
  if (/BEGIN [A-Z0-9 ]{0,40}KEY/i.test(trimmed)) {
    return problem(
      "its BEGIN line is damaged",
      "Copy the key again: that line is in capitals, with five hyphens on each side",
    );
  }
  if (trimmed.length < 256 && /^[^\n]+\.(pem|key|p8|der|p12|pfx|ppk|pvk|txt)$/i.test(trimmed)) {
    return problem("this is a file name", "Use the content of the file");
  }
  if (trimmed.length >= 256 && /^[A-Za-z0-9+/=\s]+$/.test(trimmed)) {
    return problem("this is base64 without its BEGIN and END lines", "Copy the key again, with both");
  }
  return problem("it contains no key", "Use an RSA private key, from its BEGIN line to its END line");
}

function decode(block: PemBlock, passphrase: Passphrase | undefined): KeyObject {
  const encrypted = block.label.startsWith("ENCRYPTED") || block.headers.includes("ENCRYPTED");
  if (encrypted && passphrase === undefined) {
    throw configurationError("passphrase", "the encryption key is encrypted", "Pass its passphrase");
  }
  try {
    // The body of a PKCS#1 key also occurs under the label of PKCS#8.
    const label = isMislabelled(block) ? "RSA PRIVATE KEY" : block.label;
    const pem = { key: pemText({ ...block, label }), format: "pem" } as const;
    if (!encrypted || passphrase === undefined) return createPrivateKey(pem);
    const secret = typeof passphrase === "string" ? passphrase : Buffer.from(passphrase);
    return createPrivateKey({ ...pem, passphrase: secret });
  } catch (error) {
    // OpenSSL's text differs between versions and does not help the user.
    throw encrypted ? undecryptable(block, error) : undecodable(block);
  }
}

function undecryptable(block: PemBlock, error: unknown): Error {
  const { code = "" } = error as NodeJS.ErrnoException;
  const cipher = legacyCipherOf(block);
  // One in 256 wrong passphrases gives bytes with valid padding, and OpenSSL calls their format unsupported, too.
  if (cipher !== undefined && code.endsWith("UNSUPPORTED")) {
    return problem(
      `the key is encrypted with ${cipher}, which OpenSSL no longer supports`,
      "Encrypt a copy with AES: openssl pkcs8 -topk8 -v2 aes256 -provider legacy -provider default -in key.pem -out key-aes.pem",
    );
  }
  return configurationError(
    "passphrase",
    "the encryption key cannot be decrypted with it",
    "Check the passphrase, and that the whole key was copied",
  );
}

function undecodable(block: PemBlock): Error {
  const format = formatOfPrivateKey(block);
  if (!format) return problem("the private key is damaged", "Copy the whole key again, unchanged");
  if (format.remedy !== undefined) return problem(`this is ${format.name}`, format.remedy);
  return problem(`this is ${format.name}, but ${rsaOnly}`, generateOne);
}

function checkKey(key: KeyObject, block?: PemBlock): KeyObject {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key;
  if (type === "rsa-pss") {
    throw problem("this RSA key is restricted to PSS signatures, but tokens use RS256", generateOne);
  }
  if (type !== "rsa") {
    const name = (block && formatOfPrivateKey(block)?.name) ?? `a key of type ${type ?? "unknown"}`;
    throw problem(`this is ${name}, but ${rsaOnly}`, generateOne);
  }
  const { modulusLength = 0, publicExponent = 0n } = details;
  if (modulusLength < 2048 || modulusLength > 8192) {
    throw problem(`the RSA key has ${modulusLength} bits; it must have 2048 to 8192 bits`, generateOne);
  }
  if (publicExponent < 65537n) {
    throw problem(`the RSA key has the public exponent ${publicExponent}; it must be 65537 or more`, generateOne);
  }
  if (!signsForItsPublicHalf(key)) {
    throw problem("the parts of the RSA key do not match, so its signatures are invalid", generateOne);
  }
  return key;
}

/** OpenSSL loads a private key whose parts do not match; its signatures are invalid. */
function signsForItsPublicHalf(key: KeyObject): boolean {
  try {
    const probe = Buffer.from("probe");
    return verify("sha256", probe, createPublicKey(key), sign("sha256", probe, key));
  } catch {
    return false;
  }
}

function problem(found: string, remedy?: string): Error {
  return configurationError("encryptionKey", found, remedy);
}
