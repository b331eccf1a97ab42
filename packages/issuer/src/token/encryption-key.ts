import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { configurationError } from "@portcullis/core";
import { findPemBlocks, type PemBlock, pemText } from "./pem.ts";

const makeOne = "openssl genrsa -out key.pem 2048 makes one";

/**
 * Reads the encryption key of Jamf Pro's form: an RSA private key as pasted text, or the content of
 * an uploaded file.
 *
 * PKCS#8 and PKCS#1 both occur, since `openssl genrsa` writes one or the other by its version.
 * Errors say what was found instead; none of them holds a byte of it.
 *
 * @throws {ConfigurationError} naming `encryptionKey` or `passphrase`
 */
export function readEncryptionKey(source: unknown, passphrase: unknown): KeyObject {
  if (typeof source !== "string" && !(source instanceof Uint8Array)) {
    throw problem(`give the text of an RSA private key in PEM form; ${makeOne}`);
  }
  if (passphrase !== undefined && (typeof passphrase !== "string" || passphrase === "")) {
    throw configurationError("passphrase", "give a string that is not empty, or leave it out");
  }
  const text = typeof source === "string" ? source : new TextDecoder().decode(source);
  const block = onlyPrivateKey(text);
  const key = decode(block, passphrase);
  checkKey(key);
  return key;
}

function onlyPrivateKey(text: string): PemBlock {
  const blocks = findPemBlocks(text);
  const [first] = blocks;
  if (!first) throw problem(describeUnreadable(text));
  const privateKeys = blocks.filter(({ label }) => /PRIVATE KEY$/.test(label));
  if (privateKeys.length > 1) {
    throw problem(`the text holds ${privateKeys.length} private keys; keep the one to sign with`);
  }
  const [block = first] = privateKeys;
  const found = foundInstead(block.label);
  if (found) throw problem(found);
  return block;
}

/** What to say of a PEM label that is not one of an RSA private key. */
function foundInstead(label: string): string | undefined {
  if (["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"].includes(label)) return undefined;
  if (label.endsWith("PUBLIC KEY")) {
    return "this is a public key, which cannot sign; give the private key that belongs to it, and keep this half for the web server";
  }
  if (label.endsWith("CERTIFICATE REQUEST")) {
    return `this is a certificate request; give the RSA private key that it was made with, or a new one (${makeOne})`;
  }
  if (label.endsWith("CERTIFICATE")) {
    return "this is a certificate, which holds a public key only; give the private key that belongs to it";
  }
  if (label === "EC PRIVATE KEY" || label === "EC PARAMETERS") {
    return `this is an elliptic-curve key; the tokens are signed with RSA: ${makeOne}`;
  }
  if (label === "DSA PRIVATE KEY") return `this is a DSA key; the tokens are signed with RSA: ${makeOne}`;
  if (label === "OPENSSH PRIVATE KEY") {
    return "this is a key in OpenSSH's own format; if it is an RSA key, convert a copy of it: ssh-keygen -p -m PEM -f copy-of-key";
  }
  return `the PEM text is of a kind that is no private key; give an RSA private key (${makeOne})`;
}

/** What to say of text without one whole PEM block; only fixed text, for it may be half a key. */
function describeUnreadable(text: string): string {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  if (trimmed === "") return `it is empty; give an RSA private key in PEM form (${makeOne})`;
  if (trimmed.includes("-----BEGIN ")) {
    return "the key was cut short: its BEGIN line has no END line to match; copy it again, whole";
  }
  if (trimmed.startsWith("{")) {
    return "this looks like JSON; give the private key in PEM form, from its BEGIN line to its END line";
  }
  if (trimmed.startsWith("ssh-")) {
    return `this is an SSH public key, which cannot sign; give an RSA private key in PEM form (${makeOne})`;
  }
  if (trimmed.startsWith("0\u0082") || trimmed.startsWith("0\uFFFD")) {
    return "the file is binary (DER); convert it: openssl pkey -inform DER -in key.der -out key.pem";
  }
  return `no PEM text was found; give the private key from its BEGIN line to its END line (${makeOne})`;
}

function decode(block: PemBlock, passphrase: string | undefined): KeyObject {
  const encrypted = block.label.startsWith("ENCRYPTED") || /ENCRYPTED/.test(block.headers);
  if (encrypted && passphrase === undefined) {
    throw configurationError("passphrase", "the encryption key is encrypted; give its passphrase");
  }
  try {
    const pem = { key: pemText(block), format: "pem" } as const;
    return createPrivateKey(encrypted && passphrase !== undefined ? { ...pem, passphrase } : pem);
  } catch {
    // What OpenSSL says differs from version to version, and nobody could act on it.
    if (encrypted) {
      throw configurationError(
        "passphrase",
        "the encryption key cannot be opened with it; check the passphrase, and that the key was copied whole",
      );
    }
    throw problem("the private key is damaged; copy it again, whole and unchanged");
  }
}

function checkKey(key: KeyObject): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key;
  if (type === "rsa-pss") {
    throw problem(`this RSA key is for PSS signatures only, not for RS256; ${makeOne}`);
  }
  if (type !== "rsa") {
    const kind = type === "ec" ? "an elliptic-curve" : `a${/^[aeiou]/.test(`${type}`) ? "n" : ""} ${type}`;
    throw problem(`this is ${kind} key; the tokens are signed with RSA: ${makeOne}`);
  }
  const { modulusLength = 0, publicExponent = 0n } = details;
  if (modulusLength < 2048 || modulusLength > 8192) {
    throw problem(`the RSA key has ${modulusLength} bits; use one of 2048 to 8192 bits (${makeOne})`);
  }
  if (publicExponent < 65537n || !signsForItsPublicHalf(key)) {
    throw problem(`the RSA key is unsound: no web server should trust it; ${makeOne}`);
  }
}

/** OpenSSL loads a private key whose numbers do not belong together; its signatures are worthless. */
function signsForItsPublicHalf(key: KeyObject): boolean {
  try {
    const probe = Buffer.from("probe");
    return verify("sha256", probe, createPublicKey(key), sign("sha256", probe, key));
  } catch {
    return false;
  }
}

function problem(sentence: string): Error {
  return configurationError("encryptionKey", sentence);
}
