import type { ProbeAnswer } from "./probe-client.ts";

/**
 * What an answer means: the file (`through`), a refusal, a redirect, a page in place of the file
 * with status 200, a failure of the server, or none at all.
 */
export type AnswerKind = "through" | "refused" | "redirect" | "page" | "failed" | "none";

/** Judges one answer; `file` is what the valid token got by the same method, if it got anything. */
export function judgeAnswer(answer: ProbeAnswer, file: ProbeAnswer | undefined): AnswerKind {
  const { status } = answer;
  if (status === 0) return "none";
  if (status >= 300 && status < 400) return "redirect";
  if (status >= 500) return "failed";
  if (status >= 400) return "refused";
  return file !== undefined && isSuccess(file) && isAnother(answer, file) ? "page" : "through";
}

/** Whether an answer brings content. */
export function isSuccess({ status }: ProbeAnswer): boolean {
  return status >= 200 && status < 300;
}

/** A sign-in page instead of an app has another type and another length. */
function isAnother(answer: ProbeAnswer, file: ProbeAnswer): boolean {
  const differs = (name: string): boolean => answer.headers[name] !== file.headers[name];
  const isHtml = /text\/html/i.test(answer.headers["content-type"] ?? "");
  return isHtml && differs("content-type") && (differs("content-length") || differs("etag"));
}
