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
  const address = clientAddress(request, trustProxy);
  const path = url.split(/[?#]/, 1)[0] ?? "";
  const range = headers.range;
  const facts: Partial<Mutable<LogEntry>> = {};
  let transfer: Transfer | undefined;

  response.once("close", () => {
    finished({
      event: "download",
      method,
      path,
      status: response.headersSent ? response.statusCode : 499,
      ...facts,
      bytes: transfer?.bytesSent() ?? 0,
      duration: Math.round((performance.now() - started) * 10) / 10,
      complete: response.writableFinished && !transfer?.wasCut(),
      range,
      client: clientKind(headers["user-agent"]),
      address,
      problem: transfer?.problem() ?? facts.problem,
    });
  });

  return {
    add(more) {
      Object.assign(facts, more);
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
