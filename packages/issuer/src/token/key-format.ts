import type { PemBlock } from "./pem.ts";

/** What a PEM block or a file turns out to contain, for error messages: fixed text, never a byte of the key. */
export interface KeyFormat {
  /** With its article, such as `"an Ed25519 key"`. */
  readonly name: string;
  /** How to get a signing key from it, if that is possible. */
  readonly remedy?: string;
}

/** Key algorithms by object identifier, in hexadecimal DER (RFC 3279, 5480, 8410, 9881; X9.42). */
const keyAlgorithms: Readonly<Record<string, string>> = {
  "2a864886f70d01010a": "an RSA-PSS key",
  "2a8648ce3d0201": "an elliptic-curve key",
  "2a8648ce380401": "a DSA key",
  "2a864886f70d010301": "a Diffie-Hellman key",
  "2a8648ce3e0201": "an X9.42 Diffie-Hellman key",
  "2b656e": "an X25519 key",
  "2b656f": "an X448 key",
  "2b6570": "an Ed25519 key",
  "2b6571": "an Ed448 key",
  "608648016503040311": "an ML-DSA key",
  "608648016503040312": "an ML-DSA key",
  "608648016503040313": "an ML-DSA key",
};

/** The curve of SM2 (GM/T 0006): apart from it, SM2 keys look like other elliptic-curve keys. */
const sm2Curve = "06082a811ccf5501822d";

/** Ciphers that OpenSSL 3 has only in its legacy provider (PKCS#5, PKCS#12), by object identifier. */
const legacyCiphers: Readonly<Record<string, string>> = {
  "06052b0e030207": "DES",
  "06082a864886f70d0302": "RC2",
  "06082a864886f70d0304": "RC4",
  "06092a864886f70d010501": "DES",
  "06092a864886f70d010503": "DES",
  "06092a864886f70d01050a": "DES",
  "06092a864886f70d010504": "RC2",
  "06092a864886f70d010506": "RC2",
  "06092a864886f70d01050b": "RC2",
  "060a2a864886f70d010c0101": "RC4",
  "060a2a864886f70d010c0102": "RC4",
  "060a2a864886f70d010c0105": "RC2",
  "060a2a864886f70d010c0106": "RC2",
};

const useItsPrivateKey = "Use the private key that belongs to it";

// The first bytes of DER, in hexadecimal: `length` is that of any element.
const length = "(?:[0-7].|81..|82.{4}|83.{6})";
const pkcs8 = new RegExp(`^30${length}02010[01]30${length}06(..)`); // RFC 5958
const pkcs1 = new RegExp(`^30${length}02010002${length}`); // RFC 8017
const spki = new RegExp(`^30${length}30${length}06`); // RFC 5280
const certificate = new RegExp(`^30${length}30${length}(?:a0|02)`); // RFC 5280
const pkcs12 = new RegExp(`^30(?:80|${length})020103`); // RFC 7292

/** Whether a block contains a private key in the form of PKCS#1 under the label of PKCS#8. */
export function isMislabelled({ label, body }: PemBlock): boolean {
  return label === "PRIVATE KEY" && pkcs1.test(Buffer.from(body.slice(0, 128), "base64").toString("hex"));
}

/** What a block labelled as a private key contains, if it is not an RSA key in the form that its label names. */
export function formatOfPrivateKey({ label, body }: PemBlock): KeyFormat | undefined {
  const hex = Buffer.from(body.slice(0, 128), "base64").toString("hex");
  const [prefix = "", identifierLength = ""] = pkcs8.exec(hex) ?? [];
  if (prefix !== "") {
    const identifier = hex.slice(prefix.length, prefix.length + 2 * Number.parseInt(identifierLength, 16));
    if (hex.startsWith(sm2Curve, prefix.length + identifier.length)) return { name: "an SM2 key" };
    const name = keyAlgorithms[identifier];
    return name === undefined ? undefined : { name };
  }
  if (label !== "PRIVATE KEY" && label !== "RSA PRIVATE KEY") return undefined;
  if (spki.test(hex)) return { name: `a public key labelled ${label}`, remedy: useItsPrivateKey };
  if (certificate.test(hex)) return { name: `a certificate labelled ${label}`, remedy: useItsPrivateKey };
  return undefined;
}

/** The cipher of an encrypted block, if OpenSSL 3 no longer supports it. */
export function legacyCipherOf({ headers, body }: PemBlock): string | undefined {
  // DES-EDE is triple DES, which OpenSSL still supports.
  const [, cipher] = /^DEK-Info:(DES(?!-EDE)|RC2|RC4|IDEA|BF|CAST5|SEED)\b/m.exec(headers) ?? [];
  if (cipher !== undefined) return cipher;
  // The identifier is in the first hundred bytes, before the encrypted key.
  const hex = Buffer.from(body.slice(0, 160), "base64").toString("hex");
  return Object.entries(legacyCiphers).find(([identifier]) => hex.includes(identifier))?.[1];
}

/** The format of a file without PEM text, if it is another known format of private keys. */
export function formatOfFile(source: string | Uint8Array): KeyFormat | undefined {
  const start =
    typeof source === "string" ? source.slice(0, 64) : Buffer.from(source.subarray(0, 64)).toString("latin1");
  if (start.trimStart().startsWith("PuTTY-User-Key-File-")) {
    return {
      name: "a PuTTY key (.ppk)",
      remedy: "Convert a copy of it: puttygen key.ppk -O private-openssh -o key.pem",
    };
  }
  const hex = Buffer.from(start, "latin1").toString("hex");
  if (hex.startsWith("1ef1b5b0")) {
    return {
      name: "a Microsoft key (.pvk)",
      remedy: "Convert it: openssl rsa -inform PVK -in key.pvk -out key.pem",
    };
  }
  if (pkcs12.test(hex)) {
    return {
      name: "a PKCS#12 file (.p12, .pfx)",
      remedy: "Extract the private key: openssl pkcs12 -in key.p12 -nocerts -nodes -out key.pem",
    };
  }
  if (/^30[89]/.test(hex) || start.startsWith("0\uFFFD")) {
    return {
      name: "binary (DER)",
      remedy: "Convert it: openssl pkey -inform DER -in key.der -out key.pem",
    };
  }
  return undefined;
}
