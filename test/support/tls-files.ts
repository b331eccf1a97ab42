import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openssl, privateKeyPem } from "./private-key.ts";

/** Writes a certificate for localhost and its private key as `tls.crt` and `tls.key`, and both as `tls.pem`. */
export function writeTlsFiles(folder: string): { readonly cert: string; readonly key: string; readonly both: string } {
  const [cert, key, both] = ["tls.crt", "tls.key", "tls.pem"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(key, privateKeyPem(), { mode: 0o600 });
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "1"];
  const certPem = openssl(["req", "-x509", "-key", key, ...subject]);
  writeFileSync(cert, certPem);
  writeFileSync(both, certPem + openssl(["pkey", "-in", key]), { mode: 0o600 });
  return { cert, key, both };
}
