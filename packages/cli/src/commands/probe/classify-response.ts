import type { ProbeResponse } from "./probe-client.ts";

/**
 * What an answer means: the file (`through`), a refusal, a redirect, a page in place of the file
 * with status 200, a failure of the server, or none at all.
 */
export type ResponseKind = "through" | "refused" | "redirect" | "page" | "failed" | "none";

/** Judges one answer; `file` is what the valid token got by the same method, if it got anything. */
export function classifyResponse(
  answer: ProbeResponse,
  file: ProbeResponse | undefined,
  pathname: string,
): ResponseKind {
  const { status } = answer;
  if (status === 0) return "none";
  if (status >= 300 && status < 400) return "redirect";
  if (status >= 500) return "failed";
  if (status >= 400) return "refused";
  // Some servers answer everybody with the same page, the valid token too: that is not the file.
  if (file === undefined || !isSuccess(file) || isPage(file, pathname)) {
    return isPage(answer, pathname) ? "page" : "through";
  }
  return isAnother(answer, file) ? "page" : "through";
}

/** Whether an answer brings content. */
export function isSuccess({ status }: ProbeResponse): boolean {
  return status >= 200 && status < 300;
}

/** An .ipa is a ZIP archive and a .pkg an XAR archive, whatever the server calls them. */
const startsApp = ["PK\u0003\u0004", "xar!"];

/** Whether it is by its type a page or an error's description, where neither was asked for. */
function isPage({ headers, body }: ProbeResponse, pathname: string): boolean {
  if (/\.(html?|xhtml|json)$/i.test(pathname) || startsApp.some((start) => body.indexOf(start) === 0)) return false;
  return /^(text\/html|application\/(xhtml\+xml|json|problem\+json))\b/i.test(headers["content-type"] ?? "");
}

const samePrefix = 64;

/**
 * Whether an answer is something else than the file. The beginning of the body counts for more than
 * the length, since a manifest that is made for each request has another length every time.
 */
function isAnother(answer: ProbeResponse, file: ProbeResponse): boolean {
  const differs = (name: string): boolean => answer.headers[name] !== file.headers[name];
  const isEmpty = answer.body.length === 0 && file.body.length > 0;
  const length = Math.min(samePrefix, answer.body.length, file.body.length);
  const begins = !isEmpty && answer.body.subarray(0, length).equals(file.body.subarray(0, length));
  if (differs("content-type")) return !begins || differs("content-length") || differs("etag");
  // Without bodies, as by HEAD, the length is all there is to tell by.
  return length === 0 ? isEmpty || differs("content-length") : !begins;
}
