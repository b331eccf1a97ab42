import { problemResponse as problemHead } from "@portcullis/origin";

/** A problem document (RFC 9457) as a response; fixed text only, nothing from the request is in it. */
export function problemResponse(status: number, detail: string, more: Readonly<Record<string, string>> = {}): Response {
  const { headers, problem } = problemHead(status, detail, more);
  return new Response(problem, { status, headers });
}
