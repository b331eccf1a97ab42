import type { IncomingMessage, ServerResponse } from "node:http";
import type { Transfer } from "@portcullis/origin/node";
import { clientKind } from "../decision-log/client-kind.ts";
import type { LogEntry } from "../decision-log/log-entry.ts";

/** Collects what the log says about one request. */
export interface DownloadRecord {
  /** What is known about the token and the file; later calls override earlier ones. */
  add(facts: Partial<LogEntry>): void;
  transferring(transfer: Transfer): void;
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** Starts a record; `finished` is called once, when the response has ended in any way. */
export function startRecord(
  request: IncomingMessage,
  response: ServerResponse,
  trustProxy: boolean,
  finished: (entry: LogEntry) => void,
): DownloadRecord {
  const started = performance.now();
  const { method = "", url = "", headers } = request;
  // All members from the start, in the order of the line: adding them later takes longer than everything else here.
  const entry: Mutable<LogEntry> = {
    event: "download",
    method,
    path: url.split(/[?#]/, 1)[0] ?? "",
    status: 499,
    code: undefined,
    key: undefined,
    token: undefined,
    tokenId: undefined,
    link: undefined,
    secondsLeft: undefined,
    size: undefined,
    bytes: 0,
    duration: 0,
    complete: false,
    range: headers.range,
    client: clientKind(headers["user-agent"]),
    address: clientAddress(request, trustProxy),
    resumed: undefined,
    reportOnly: undefined,
    problem: undefined,
  };
  let transfer: Transfer | undefined;

  response.once("close", () => {
    if (response.headersSent) entry.status = response.statusCode;
    entry.bytes = transfer?.bytesSent() ?? 0;
    entry.duration = Math.round((performance.now() - started) * 10) / 10;
    entry.complete = response.writableFinished && !transfer?.wasCut();
    entry.problem = transfer?.problem() ?? entry.problem;
    finished(entry);
  });

  return {
    add(more) {
      Object.assign(entry, more);
    },
    transferring(begun) {
      transfer = begun;
    },
  };
}

/** The address of the peer, or, behind a trusted proxy, of the proxy's client. */
export function clientAddress(request: IncomingMessage, trustProxy: boolean): string | undefined {
  const peer = request.socket.remoteAddress?.replace(/^::ffff:/, "");
  if (!trustProxy) return peer;
  // The proxy adds the last entry; the client can send any others.
  const forwarded = request.headers["x-forwarded-for"]?.toString().split(",").at(-1)?.trim();
  return forwarded || peer;
}
