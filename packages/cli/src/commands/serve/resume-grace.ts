import type { IncomingMessage } from "node:http";
import type { Decision } from "@portcullis/core";

/**
 * Whether an expired token may perhaps finish the download that it began.
 *
 * Only a token that was good in every other way, expired at most `graceSeconds` ago, asking for the
 * rest of a file (not its beginning). That it names the file's ETag, which proves that an earlier
 * request was let in, is judged when the file is open.
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
  // "bytes=5-2" is no range, and answered with the whole file.
  const isRest = Number(first) > 0 && (last === "" || Number(last) >= Number(first));
  return method === "GET" && isRest;
}
