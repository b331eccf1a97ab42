import { createPublicKey } from "node:crypto";
import { compressionFormatOf, compressionMarkLength } from "../system/compression-format.ts";
import { decodeText } from "../system/decode-text.ts";
import { shellQuote } from "../terminal/shell-quote.ts";

/** The problem with a key file that cannot be used; the message joins both parts. */
export class KeyFileError extends Error {
  readonly problem: string;
  readonly remedy: string | undefined;

  constructor(problem: string, remedy?: string) {
    super(remedy === undefined ? problem : `${problem}. ${remedy}`);
    this.problem = problem;
    this.remedy = remedy;
  }
}

/** Formats of keys that neither the gate nor the issuer reads, by their first bytes in hexadecimal. */
const foreignFormats: readonly { readonly begin: RegExp; readonly name: string; readonly remedy: string }[] = [
  {
    // PFX (RFC 7292 section 4): a sequence that begins with the version 3.
    begin: /^30(80|81..|82.{4}|83.{6}|84.{8})020103/,
    name: "a PKCS#12 file (.p12, .pfx), which holds a private key and its certificate",
    remedy:
      "Extract the certificate: openssl pkcs12 -in FILE -nokeys -clcerts, or the private key: openssl pkcs12 -in FILE -nocerts -nodes",
  },
  {
    // ContentInfo (RFC 2315 section 7) of the type signedData.
    begin: /^30(80|81..|82.{4}|83.{6})06092a864886f70d010702/,
    name: "a PKCS#7 file (.p7b), a bundle of certificates",
    remedy: "Extract the certificate: openssl pkcs7 -inform der -in FILE -print_certs",
  },
  {
    // CertificationRequest (RFC 2986 section 4): its version 0, and then a name.
    begin: /^30(80|81..|82.{4})30(80|81..|82.{4})02010030/,
    name: "a certificate request (.csr)",
    remedy: "Extract the public key: openssl req -inform der -in FILE -noout -pubkey -out public.pem",
  },
  {
    begin: new RegExp(`^${hex("PuTTY-User-Key-File-")}`),
    name: "a PuTTY key file (.ppk)",
    remedy: "Convert it: puttygen FILE -O private-openssh -o key.pem, then: ssh-keygen -p -m PEM -f key.pem",
  },
  {
    begin: /^1ef1b5b0/,
    name: "a private key in Microsoft's PVK format (.pvk)",
    remedy: "Convert it: openssl rsa -inform PVK -in FILE -out key.pem",
  },
  {
    begin: /^(feedfeed|cececece)/,
    name: "a Java key store (.jks)",
    remedy: "Convert it: keytool -importkeystore -srckeystore FILE -destkeystore key.p12 -deststoretype PKCS12",
  },
  {
    begin: new RegExp(`^(${hex("-----BEGIN PGP ")}|9[589]0[1-3]|c[5-7])`),
    name: "a PGP key, which is for mail and signed files",
    remedy: "Use the RSA key that is in Jamf Pro, as PEM",
  },
];

/** EncryptedPrivateKeyInfo (RFC 5958 section 3), encrypted by a scheme of PKCS#5 or PKCS#12. */
const encryptedPrivateKey = /^308[12].{2,4}30(..|81..)06..2a864886f70d01(05|0c)/;

/** In bytes. A key of 8192 bits has 6 KiB, and a hundred certificates or JWKs have less than this. */
const largestKeyFile = 1024 * 1024;

/** What can be in a binary key file, the most likely first. */
const binaryKinds = ["CERTIFICATE", "PUBLIC KEY", "PRIVATE KEY", "RSA PRIVATE KEY", "RSA PUBLIC KEY", "EC PRIVATE KEY"];

/**
 * Reads a key file as text; a binary one (DER), as Keychain Access and Windows export certificates, becomes PEM.
 *
 * Throws a `KeyFileError` that says what is there instead of a key; a command in it names the file.
 */
export function decodeKeyFile(bytes: Buffer, file = "FILE"): string {
  if (bytes.length === 0) throw new KeyFileError("the file is empty");
  if (bytes.length > largestKeyFile)
    throw new KeyFileError(
      "it is larger than 1 MiB, and no key is that large",
      "Pass a file that contains only the key",
    );
  const start = bytes.toString("hex", 0, 40);
  const foreign = foreignFormats.find(({ begin }) => begin.test(start));
  if (foreign)
    throw new KeyFileError(
      `it is ${foreign.name}`,
      foreign.remedy.replaceAll("FILE", () => shellQuote(file)),
    );
  const compression = compressionFormatOf(bytes.subarray(0, compressionMarkLength));
  if (compression) {
    throw new KeyFileError(
      `it is in ${compression.name} format`,
      `Decompress it first, with ${compression.decompress}`,
    );
  }
  if (!isDer(bytes)) return readText(bytes);
  const base64 = bytes.toString("base64");
  const pemOf = (kind: string): string => `-----BEGIN ${kind}-----\n${base64}\n-----END ${kind}-----\n`;
  if (encryptedPrivateKey.test(start)) return pemOf("ENCRYPTED PRIVATE KEY");
  const pem = binaryKinds.map(pemOf).find(isKey);
  if (pem === undefined)
    throw new KeyFileError("it is binary, but not a key or certificate that can be read", "Convert it to PEM");
  return pem;
}

/** UTF-32 is read as UTF-16 with a zero beside each character; the text of a key has no other zeros. */
function readText(bytes: Buffer): string {
  const text = decodeText(bytes).replaceAll("\0", "");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that text never has
  if (/[\u0001-\u0008\u000e-\u001f]|\uFFFD{2}/.test(text))
    throw new KeyFileError("it is binary, but not a key", "Convert it to PEM");
  return text;
}

/** A sequence of 128 bytes or more, or a shorter one that is the whole file; text can begin with its tag, "0". */
function isDer(bytes: Buffer): boolean {
  const [tag, length = 0] = bytes;
  return tag === 0x30 && (length >= 0x80 || bytes.length === length + 2);
}

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}

function isKey(pem: string): boolean {
  try {
    return createPublicKey(pem) !== undefined;
  } catch {
    return false;
  }
}
