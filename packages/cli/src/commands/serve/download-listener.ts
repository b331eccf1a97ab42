import type { IncomingMessage, ServerResponse } from "node:http";
import { allowedCacheControl, type Gate, type Refused, refusalResponse, removeToken } from "@portcullis/core";
import type { LogEntry } from "../../decision-log/log-entry.ts";
import { checkUrl } from "../../gate/check-url.ts";
import { openFile } from "../../static-files/open-file.ts";
import { readRequestPath } from "../../static-files/request-path.ts";
import { sendFile } from "../../static-files/send-file.ts";
import { isFetching, sendMethodNotAllowed, sendProblem } from "../../static-files/send-problem.ts";
import { type DownloadRecord, startRecord } from "./download-record.ts";
import { asksToResume } from "./resume-grace.ts";

/** What downloads need. */
export interface DownloadOptions {
  readonly gate: Gate;
  readonly folder: string;
  readonly reportOnly: boolean;
  /** How long after its expiry a token may finish a download, in seconds; 0: never. */
  readonly resumeGrace: number;
  readonly trustProxy: boolean;
  /** Seconds since 1970. */
  readonly now: () => number;
  readonly finished: (entry: LogEntry) => void;
}

/**
 * Makes the request listener of `serve`: judge the token, then, and only then, look for the file.
 *
 * It asks the gate itself instead of using an adapter's guard, because one log line joins the
 * decision with what became of the transfer, and because a resume may be granted after a refusal.
 */
export function createDownloadListener(
  options: DownloadOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const record = startRecord(request, response, options.trustProxy, options.finished);
    answer(request, response, record, options).catch((error: Error) => {
      record.add({ problem: error.message });
      if (response.headersSent) response.destroy();
      else sendProblem(response, 500, "The file could not be read.");
    });
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  record: DownloadRecord,
  options: DownloadOptions,
): Promise<void> {
  const { gate, reportOnly, now } = options;
  const { method, url = "" } = request;
  if (!isFetching(method)) return sendMethodNotAllowed(response);
  if (namesTwoHosts(request)) return sendProblem(response, 400, "The request has more than one Host.");
  const { decision, facts } = await checkUrl(gate, url, now);
  record.add(facts);
  // Nothing behind this needs the token, and so nothing can give it away.
  request.url = removeToken(url, gate.tokenParameter);

  const mayResume = asksToResume(request, decision, options.resumeGrace, now());
  if (!decision.allowed && reportOnly) record.add({ reportOnly: true });
  else if (!decision.allowed && !mayResume) return refuse(response, decision);

  // From here on a decision that is a refusal stands for a resume that depends on the file's ETag.
  const onCondition = decision.allowed || reportOnly ? undefined : decision;
  await serveFile(request, response, record, options, onCondition);
}

async function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  record: DownloadRecord,
  { folder }: DownloadOptions,
  unlessResumed: Refused | undefined,
): Promise<void> {
  const segments = readRequestPath(request.url ?? "");
  const file = segments === undefined ? undefined : await openFile(folder, segments);
  if (unlessResumed) {
    if (!file?.handle || file.etag !== request.headers["if-range"]) {
      await file?.handle?.close();
      return refuse(response, unlessResumed);
    }
    record.add({ resumed: true });
  }
  if (segments === undefined || file === undefined) {
    return sendProblem(response, 400, "The path of the URL is not one of a file.");
  }
  if (!file.handle) {
    record.add({ problem: file.problem });
    return sendProblem(response, 404, "There is no such file here.");
  }
  if (response.destroyed) return file.handle.close();
  record.add({ size: file.size });
  response.setHeader("Cache-Control", allowedCacheControl);
  record.transferring(sendFile(request, response, file, segments.at(-1) ?? ""));
}

/** RFC 9112 section 3.2 wants it refused: programs on the way may each have gone by another of them. */
function namesTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === "host").length > 1;
}

function refuse(response: ServerResponse, decision: Refused): void {
  const { status, headers, body } = refusalResponse(decision);
  response.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}
