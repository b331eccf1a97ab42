import type { Log } from "../decision-log/create-log.ts";
import { createReloader, type Reloader } from "../system/reloader.ts";
import { formatDate } from "../terminal/format-duration.ts";
import { type LoadedTls, loadTls, type TlsCredentials, type TlsFiles, tlsWarnings } from "./tls-credentials.ts";

/** Keeps the certificate of a running server up to date. */
export interface CertificateReloader extends Pick<Reloader<LoadedTls>, "reload" | "stop"> {
  readonly credentials: TlsCredentials;
  /** Calls `use` with each renewed certificate from now on. */
  onRenewal(use: (credentials: TlsCredentials) => void): void;
}

/** What it needs besides the files; `interval` and `now` in seconds. */
export interface CertificateSurroundings {
  readonly interval: number;
  readonly log: Log;
  readonly now: () => number;
}

/**
 * Loads the files and watches them; rejects if they cannot be used.
 *
 * A certificate is used only if it differs: a new TLS context forgets the sessions that clients could resume. A
 * certificate that expires while the server runs is a warning too.
 */
export async function createCertificateReloader(
  files: TlsFiles,
  { interval, log, now }: CertificateSurroundings,
): Promise<CertificateReloader> {
  let renew: ((credentials: TlsCredentials) => void) | undefined;
  let first: TlsCredentials | undefined;
  const { reload, stop } = await createReloader<LoadedTls>({
    name: "certificate",
    files: [files.certificate, files.key],
    interval,
    load: () => loadTls(files),
    same: (next, current) =>
      next.credentials.cert === current.credentials.cert && next.credentials.key === current.credentials.key,
    use({ credentials, certificate }) {
      first ??= credentials;
      if (credentials === first) return;
      renew?.(credentials);
      log.info(`certificate renewed: valid until ${formatDate(Date.parse(certificate.own.validTo) / 1000)}`);
    },
    warnings: (loaded) => tlsWarnings(loaded, now()),
    isFatal: () => true,
    fallback: () => "the old one stays in use",
    log,
  });
  if (first === undefined) throw new Error("the first load has neither succeeded nor failed");
  return {
    credentials: first,
    onRenewal(use) {
      renew = use;
    },
    reload,
    stop,
  };
}
