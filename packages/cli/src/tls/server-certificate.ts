import { X509Certificate } from "node:crypto";
import { type CommandError, failure } from "../command-line/command-error.ts";
import { formatDate } from "../terminal/format-duration.ts";
import { shellQuote } from "../terminal/shell-quote.ts";

/** A certificate file as TLS uses it. */
export interface ServerCertificate {
  readonly pem: string;
  /** The server's own certificate. */
  readonly own: X509Certificate;
  /** The certificates after it: the chain. */
  readonly others: readonly X509Certificate[];
}

const begin = /(?=-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----)/;

/** Reads the text of a certificate file; throws an error that says what is there instead, and what to do. */
export function readServerCertificate(pem: string, file: string): ServerCertificate {
  const [before = "", ...parts] = ` ${pem}`.split(begin);
  if (parts.length === 0) throw notACertificate(before, file);
  try {
    const [own, ...others] = parts.map((part) => new X509Certificate(part));
    if (own) return { pem: parts.join(""), own, others };
  } catch {
    // Reported below.
  }
  throw failure(
    `--tls-cert ${file}: a certificate in it is damaged or truncated`,
    "Copy the whole file again from its source, with all BEGIN and END lines",
  );
}

function notACertificate(text: string, file: string): CommandError {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    return failure(
      `--tls-cert ${file} contains a private key, not a certificate`,
      "Pass the private key to --tls-key, and the certificate to --tls-cert",
    );
  }
  if (/-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(text)) {
    return failure(
      `--tls-cert ${file} is a certificate signing request, not a certificate`,
      "Send it to a certificate authority, and use the certificate that you get back",
    );
  }
  return failure(
    `--tls-cert ${file} contains no certificate in PEM format`,
    `To convert a binary certificate (.cer), run: openssl x509 -inform der -in ${shellQuote(file)} -out tls.crt` +
      `\nTo extract one from a PKCS #12 file (.p12, .pfx), run: openssl pkcs12 -in ${shellQuote(file)} -nokeys -out tls.crt`,
  );
}

/** What the administrator should know about a certificate's dates; `now` in seconds. */
export function validityWarnings({ own }: ServerCertificate, file: string, now: number): string[] {
  const [from, to] = [Date.parse(own.validFrom) / 1000, Date.parse(own.validTo) / 1000];
  if (now > to) {
    return [
      `--tls-cert ${file} expired on ${formatDate(to)}, and devices refuse it: put a new certificate into the file; no restart is needed`,
    ];
  }
  if (now < from) {
    return [
      `--tls-cert ${file} is not valid until ${formatDate(from)}, and devices refuse it until then; if that time has passed, this computer's clock is wrong`,
    ];
  }
  return [];
}
