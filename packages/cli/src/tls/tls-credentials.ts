import { createSecureContext } from "node:tls";
import { failure, usageError } from "../command-line/command-error.ts";
import { decodeText } from "../system/decode-text.ts";
import { describeSystemError } from "../system/describe-system-error.ts";
import { openSmallFile, type SmallFile } from "../system/read-small-file.ts";
import { shellQuote } from "../terminal/shell-quote.ts";
import { readServerCertificate, type ServerCertificate, validityWarnings } from "./server-certificate.ts";
import { readServerPrivateKey } from "./server-private-key.ts";

/** The files of a certificate with its chain, and of its private key. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

/** What a TLS server needs; Apple's App Transport Security requires TLS 1.2 or later. */
export interface TlsCredentials {
  readonly cert: string;
  readonly key: string;
  readonly minVersion: "TLSv1.2";
}

/** A certificate and the private key that matches it, and the files that they come from. */
export interface LoadedTls {
  readonly credentials: TlsCredentials;
  readonly certificate: ServerCertificate;
  readonly files: TlsFiles;
  /** Permission bits of the private key's file. */
  readonly keyMode: number;
}

/** Checks that both options are given, or neither. */
export function tlsFiles(certificate: string | undefined, key: string | undefined): TlsFiles | undefined {
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  throw usageError("--tls-cert and --tls-key belong together: pass both, or neither");
}

/**
 * Reads both files and checks that they fit together; rejects with an error that says what to do.
 *
 * OpenSSL accepts an empty file as no certificate: a server started with it, or renewed while the file was being
 * written, would fail every handshake.
 */
export async function loadTls(files: TlsFiles): Promise<LoadedTls> {
  const { text: pem } = await read("--tls-cert", files.certificate);
  const { text: key, mode: keyMode } = await read("--tls-key", files.key);
  const certificate = readServerCertificate(pem, files.certificate);
  checkPair(certificate, key, files);
  const credentials = { cert: certificate.pem, key, minVersion: "TLSv1.2" } as const;
  try {
    createSecureContext(credentials);
  } catch (error) {
    throw failure(
      `--tls-cert ${files.certificate}, --tls-key ${files.key} cannot be used for TLS: ${(error as Error).message}`,
    );
  }
  return { credentials, certificate, files, keyMode };
}

function checkPair({ own, others }: ServerCertificate, keyPem: string, { certificate, key }: TlsFiles): void {
  const privateKey = readServerPrivateKey(keyPem, key);
  if (own.checkPrivateKey(privateKey)) return;
  if (others.some((other) => other.checkPrivateKey(privateKey))) {
    throw failure(
      `--tls-cert ${certificate} does not begin with the certificate of --tls-key ${key}`,
      "Put the server's own certificate first, followed by those that signed it",
    );
  }
  throw failure(
    `--tls-key ${key} is not the key of the certificate in --tls-cert ${certificate}`,
    "Use the key that this certificate was requested with. If the two match, these commands print the same key\n" +
      `openssl x509 -noout -pubkey -in ${shellQuote(certificate)}\nopenssl pkey -pubout -in ${shellQuote(key)}`,
  );
}

async function read(option: string, file: string): Promise<{ readonly text: string; readonly mode: number }> {
  let opened: SmallFile;
  try {
    opened = await openSmallFile(file);
  } catch (error) {
    throw failure(`${option} ${file}: ${describeSystemError(error)}`);
  }
  const text = decodeText(opened.bytes);
  if (text.trim() !== "") return { text, mode: opened.mode };
  throw failure(`${option} ${file}: the file is empty`, "Write the complete certificate or key to it again");
}

/**
 * What the administrator should know: a certificate that devices refuse because of its dates, and a private key that
 * others can read or change. `now` in seconds.
 */
export function tlsWarnings({ certificate, files, keyMode }: LoadedTls, now: number): string[] {
  const found = validityWarnings(certificate, files.certificate, now);
  const actions = [keyMode & 0o004 ? "read" : "", keyMode & 0o002 ? "changed" : ""].filter((action) => action !== "");
  if (actions.length > 0) {
    found.push(
      `--tls-key ${files.key} can be ${actions.join(" and ")} by every user of this computer: chmod 600 ${shellQuote(files.key)}`,
    );
  }
  return found;
}
