import { type ServerResponse, STATUS_CODES } from "node:http";

/**
 * Answers with a problem document (RFC 9457), in the shape of the gate's refusals. Fixed text only:
 * nothing of the request is in it.
 */
export function sendProblem(
  response: ServerResponse,
  status: number,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  const title = STATUS_CODES[status] ?? "Error";
  const body = `${JSON.stringify({ type: "about:blank", title, status, detail })}\n`;
  response.writeHead(status, {
    "Content-Type": "application/problem+json",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    ...headers,
  });
  response.end(body);
}

/** RFC 9110 section 15.5.6: what is allowed is named. A body that may follow is not waited for. */
export function sendMethodNotAllowed(response: ServerResponse): void {
  const headers = { Allow: "GET, HEAD", Connection: "close" };
  sendProblem(response, 405, "Files are fetched with GET or HEAD.", headers);
}

/** Whether a method is one by which files are fetched. */
export function isFetching(method: string | undefined): boolean {
  return method === "GET" || method === "HEAD";
}
