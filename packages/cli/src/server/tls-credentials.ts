import { readFileSync, statSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { failure, usageError } from "../command-line/command-error.ts";

/** The files of a certificate with its chain, and of its private key. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

/** What a TLS server needs; Apple's App Transport Security asks for TLS 1.2 at least. */
export interface TlsCredentials {
  readonly cert: string;
  readonly key: string;
  readonly minVersion: "TLSv1.2";
}

/** Judges that both options are there, or neither. */
export function tlsFiles(certificate: string | undefined, key: string | undefined): TlsFiles | undefined {
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  throw usageError("--tls-cert and --tls-key belong together: give both, or neither");
}

/** Reads both files and checks that they fit together; throws a sentence for people. */
export function loadTlsCredentials({ certificate, key }: TlsFiles): TlsCredentials {
  try {
    const credentials = {
      cert: readFileSync(certificate, "utf8"),
      key: readFileSync(key, "utf8"),
      minVersion: "TLSv1.2",
    } as const;
    createSecureContext(credentials);
    return credentials;
  } catch (error) {
    throw failure(`--tls-cert ${certificate}, --tls-key ${key}: ${(error as Error).message}`);
  }
}

/** What the administrator should know: a private key that others can read or change is not private. */
export function tlsKeyWarnings({ key }: TlsFiles): string[] {
  const { mode = 0 } = statSync(key, { throwIfNoEntry: false }) ?? {};
  const deeds = [mode & 0o004 ? "read" : "", mode & 0o002 ? "changed" : ""].filter((deed) => deed !== "");
  if (deeds.length === 0) return [];
  return [`--tls-key ${key} can be ${deeds.join(" and ")} by every user of this computer: chmod 600 ${key}`];
}
