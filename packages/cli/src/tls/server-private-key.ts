import { createPrivateKey, type KeyObject } from "node:crypto";
import { failure } from "../command-line/command-error.ts";
import { shellQuote } from "../terminal/shell-quote.ts";

/** Reads the text of a private key file; throws an error that says what is there instead, and what to do. */
export function readServerPrivateKey(pem: string, file: string): KeyObject {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw failure(
      `--tls-key ${file} is encrypted with a passphrase, and nobody can enter one when a server starts unattended`,
      `Write a copy without a passphrase that only the server's user can read: (umask 077; openssl pkey -in ${shellQuote(file)} -out tls.key)`,
    );
  }
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    try {
      return createPrivateKey(pem);
    } catch {
      throw failure(
        `--tls-key ${file}: the private key in it is damaged or truncated`,
        "Copy the whole file again from its source, with its BEGIN and END lines",
      );
    }
  }
  if (/-----BEGIN [A-Z0-9 ]*(CERTIFICATE|PUBLIC KEY)/.test(pem)) {
    throw failure(
      `--tls-key ${file} contains a certificate or a public key, but no private key`,
      "Use the private key that the certificate was requested with; pass the certificate itself to --tls-cert",
    );
  }
  throw failure(
    `--tls-key ${file} contains no private key in PEM format`,
    "Use the private key that the certificate was requested with; to extract it from a PKCS #12 file (.p12, .pfx), run: " +
      `(umask 077; openssl pkcs12 -in ${shellQuote(file)} -nocerts -nodes -out tls.key)`,
  );
}
