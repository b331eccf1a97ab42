import type { ProbeResponse } from "./probe-client.ts";

/**
 * What a response is: the file (`through`), a refusal, a redirect, a page with status 200 in place of
 * the file, a server error, or none.
 */
export type ResponseKind = "through" | "refused" | "redirect" | "page" | "failed" | "none";

/** Classifies one response; `file` is the response to the valid token with the same method, if there is one. */
export function classifyResponse(
  response: ProbeResponse,
  file: ProbeResponse | undefined,
  pathname: string,
): ResponseKind {
  const { status } = response;
  if (status === 0) return "none";
  if (status >= 300 && status < 400) return "redirect";
  if (status >= 500) return "failed";
  // 204 and 205 have no content (RFC 9110 sections 15.3.5 and 15.3.6), so no file is served.
  if (status >= 400 || !isSuccess(response)) return "refused";
  // Some servers respond with the same page to every request, with a valid token too: that is not the file.
  if (file === undefined || !isSuccess(file) || isPage(file, pathname)) {
    return isPage(response, pathname) ? "page" : "through";
  }
  return isDifferent(response, file) ? "page" : "through";
}

/** Whether a response carries content. */
export function isSuccess({ status }: ProbeResponse): boolean {
  return status >= 200 && status < 300 && status !== 204 && status !== 205;
}

/** An .ipa is a ZIP archive and a .pkg an XAR archive, whatever the server calls them. */
const startsApp = ["PK\u0003\u0004", "xar!"];

/** Whether its media type is that of a page or an error description, although its URL suggests neither. */
function isPage({ headers, body }: ProbeResponse, pathname: string): boolean {
  if (/\.(html?|xhtml|json)$/i.test(pathname) || startsApp.some((start) => body.indexOf(start) === 0)) return false;
  return /^(text\/html|application\/(xhtml\+xml|json|problem\+json))\b/i.test(headers["content-type"] ?? "");
}

const samePrefix = 64;

/**
 * Whether a response is not the file. The beginning of the body takes precedence over the length, since
 * a manifest that is generated for each request has a different length every time.
 */
function isDifferent(response: ProbeResponse, file: ProbeResponse): boolean {
  const differs = (name: string): boolean => response.headers[name] !== file.headers[name];
  const isEmpty = response.body.length === 0 && file.body.length > 0;
  const length = Math.min(samePrefix, response.body.length, file.body.length);
  const begins = !isEmpty && response.body.subarray(0, length).equals(file.body.subarray(0, length));
  if (differs("content-type")) return !begins || differs("content-length") || differs("etag");
  // Without bodies, as with HEAD, only the length can tell them apart.
  return length === 0 ? isEmpty || differs("content-length") : !begins;
}
