import type { Log } from "../decision-log/create-log.ts";
import { watchFiles } from "../system/watch-files.ts";
import { formatDate } from "../terminal/format-duration.ts";
import { type LoadedTls, loadTls, type TlsCredentials, type TlsFiles, tlsWarnings } from "./tls-credentials.ts";

/** Keeps the certificate of a running server up to date. */
export interface CertificateReloader {
  /** Reads both files again; never throws. With `aloud`, the log says so too if nothing has changed. */
  reload(aloud?: boolean): void;
  stop(): void;
}

/** What a certificate's keeper needs. */
export interface CertificateReloaderOptions {
  readonly files: TlsFiles;
  readonly loaded: LoadedTls;
  /** Seconds between two looks at the files. */
  readonly interval: number;
  readonly log: Log;
  /** Seconds since 1970. */
  readonly now: () => number;
  readonly use: (credentials: TlsCredentials) => void;
}

/**
 * Watches the files, and takes a certificate up only when it is another: a new TLS context forgets
 * the sessions that clients could resume. Each problem and each warning is said once, and a
 * certificate that expires while the server runs is a warning too.
 */
export function createCertificateReloader({
  files,
  loaded,
  interval,
  log,
  now,
  use,
}: CertificateReloaderOptions): CertificateReloader {
  let current = loaded;
  let warned: readonly string[] = [];
  let lastProblem: string | undefined;

  function warn(): void {
    const warnings = tlsWarnings(files, current, now());
    for (const warning of warnings) if (!warned.includes(warning)) log.warn(warning);
    warned = warnings;
  }

  function reload(aloud = false): void {
    try {
      const next = loadTls(files);
      if (isOther(next.credentials, current.credentials)) {
        use(next.credentials);
        current = next;
        log.info(`certificate renewed: valid until ${formatDate(Date.parse(next.certificate.own.validTo) / 1000)}`);
      } else if (lastProblem !== undefined) {
        log.info("the certificate can be read again and is the same as before");
      } else if (aloud) {
        log.info("certificate read again: unchanged");
      }
      lastProblem = undefined;
    } catch (error) {
      const problem = (error as Error).message;
      if (problem !== lastProblem || aloud) {
        log.error(`certificate not reloaded, the old one stays in use: ${problem}`);
      }
      lastProblem = problem;
    }
    warn();
  }

  warn();
  const stop = watchFiles([files.certificate, files.key], interval, () => reload());
  return { reload, stop };
}

function isOther(next: TlsCredentials, current: TlsCredentials): boolean {
  return next.cert !== current.cert || next.key !== current.key;
}
