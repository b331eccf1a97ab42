import type { IncomingMessage } from "node:http";
import type { Decision } from "@portcullis/core";

/**
 * Whether an expired token may perhaps finish the download that it began.
 *
 * Only a token that was good in every other way, expired at most `graceSeconds` ago, asking for the
 * rest of a file (not its beginning) that it can name by a strong validator: the ETag proves that
 * an earlier request was let in. Whether the ETag is the file's is judged when it is open.
 */
export function asksToResume(
  { method, headers }: IncomingMessage,
  decision: Decision,
  graceSeconds: number,
  now: number,
): boolean {
  if (decision.allowed || decision.code !== "token_expired" || graceSeconds === 0) return false;
  const exp = decision.claims?.exp;
  if (typeof exp !== "number" || !(now < exp + graceSeconds)) return false;
  const isRest = /^bytes=0*[1-9]\d*-\d*$/i.test(headers.range ?? "");
  return method === "GET" && isRest && /^"[^"]+"$/.test(String(headers["if-range"]));
}
