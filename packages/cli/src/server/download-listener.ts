import type { IncomingMessage, ServerResponse } from "node:http";
import { type Gate, type Refused, refusalResponse, removeToken } from "@portcullis/core";
import {
  badPathResponse,
  failureResponse,
  methodNotAllowedResponse,
  missingResponse,
  mostVersions,
  type Origin,
  openByName,
  problemResponse,
  readObjectName,
} from "@portcullis/origin";
import { openFor, sendHead, sendObject } from "@portcullis/origin/node";
import type { LogEntry } from "../decision-log/log-entry.ts";
import { checkUrl } from "../gate/check-url.ts";
import { type DownloadRecord, startRecord } from "./download-record.ts";
import { asksToResume, isProof } from "./resume-grace.ts";

/** What downloads need. */
export interface DownloadOptions {
  readonly gate: Gate;
  readonly origin: Origin;
  readonly reportOnly: boolean;
  /** How long after its expiry a token can finish a download, in seconds; 0: never. */
  readonly resumeGrace: number;
  readonly trustProxy: boolean;
  /** Seconds since 1970. */
  readonly now: () => number;
  readonly finished: (entry: LogEntry) => void;
}

/**
 * Creates the request listener of `serve`: check the token, then, and only then, look for the file.
 *
 * It asks the gate itself instead of using an adapter's guard, because one log line joins the decision with the result
 * of the transfer, and because a resume can be granted after a refusal.
 */
export function createDownloadListener(
  options: DownloadOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const record = startRecord(request, response, options.trustProxy, options.finished);
    handleDownload(request, response, record, options).catch((error: Error) => {
      record.add({ problem: error.message });
      if (response.headersSent) response.destroy();
      else sendHead(response, failureResponse());
    });
  };
}

async function handleDownload(
  request: IncomingMessage,
  response: ServerResponse,
  record: DownloadRecord,
  options: DownloadOptions,
): Promise<void> {
  const { gate, reportOnly, now } = options;
  const { method, url = "" } = request;
  if (method !== "GET" && method !== "HEAD") return sendHead(response, methodNotAllowedResponse());
  if (hasTwoHosts(request))
    return sendHead(response, problemResponse(400, "The request has more than one Host header."));
  const { decision, facts } = await checkUrl(gate, url, now);
  record.add(facts);
  // Nothing after this point needs the token, so nothing can disclose it.
  request.url = removeToken(url, gate.tokenParameter);

  const mayResume = asksToResume(request, decision, options.resumeGrace, now());
  if (!decision.allowed && reportOnly) record.add({ reportOnly: true });
  else if (!decision.allowed && !mayResume) return refuse(response, decision);

  // From here on, a refusal is sent unless the request names the file's ETag.
  const refusal = decision.allowed || reportOnly ? undefined : decision;
  await serveFile(request, response, record, options.origin, refusal);
}

async function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  record: DownloadRecord,
  origin: Origin,
  refusalUnlessResumed: Refused | undefined,
  attempts: number = mostVersions,
): Promise<void> {
  const name = readObjectName(request.url ?? "");
  const object = name === undefined ? undefined : await openByName(origin, name, openFor(response));
  if (refusalUnlessResumed) {
    const namesVersion = object?.found && object.etag !== undefined && object.etag === request.headers["if-range"];
    if (!namesVersion || !isProof(object.etag)) {
      if (object?.found) object.close();
      const problem = namesVersion
        ? "the ETag of its origin can be guessed, so --resume-grace has no effect"
        : undefined;
      record.add({ resumed: undefined, problem });
      return refuse(response, refusalUnlessResumed);
    }
    record.add({ resumed: true });
  }
  if (object === undefined) return sendHead(response, badPathResponse());
  if (!object.found) {
    record.add({ problem: object.problem });
    return sendHead(response, missingResponse(object));
  }
  if (response.destroyed) return object.close();
  record.add({ size: object.size, problem: object.problem });
  // A new version is checked again: an expired token can resume one version only.
  const startAgain = (): Promise<void> =>
    serveFile(request, response, record, origin, refusalUnlessResumed, attempts - 1);
  record.transferring(sendObject(request, response, object, attempts > 1 ? startAgain : undefined));
}

/** RFC 9112 section 3.2 requires a refusal: each intermediary might have used a different one. */
function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === "host").length > 1;
}

function refuse(response: ServerResponse, decision: Refused): void {
  const { status, headers, body } = refusalResponse(decision);
  response.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}
