import type { IncomingMessage } from "node:http";
import type { Decision } from "@portcullis/core";

/**
 * Whether an expired token can finish the download that it began.
 *
 * The token must have been valid in every other way and have expired at most `graceSeconds` ago, and the request must
 * be for the rest of a file, not its beginning. Whether the request names the file's ETag, which proves that an earlier
 * one was allowed, is checked when the file is open.
 */
export function asksToResume(
  { method, headers }: IncomingMessage,
  decision: Decision,
  graceSeconds: number,
  now: number,
): boolean {
  if (decision.allowed || decision.code !== "token_expired") return false;
  const exp = decision.claims?.exp;
  if (typeof exp !== "number" || !(now < exp + graceSeconds)) return false;
  const [, first, last] = /^bytes=(\d+)-(\d*)$/i.exec(headers.range ?? "") ?? [];
  // The response to "bytes=5-2", which is not a range, would be the whole file.
  const isRest = Number(first) > 0 && (last === "" || Number(last) >= Number(first));
  return method === "GET" && isRest;
}

/**
 * Whether an ETag proves that its sender had the file: a digest of at least 128 bits does. The ETags of nginx, Apache
 * httpd, Caddy and Azure are times and sizes, which can be guessed for files that the sender never had.
 */
export function isProof(etag: string): boolean {
  return /[A-Za-z0-9+/]{32}/.test(etag);
}
