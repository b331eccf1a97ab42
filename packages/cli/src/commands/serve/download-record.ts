import type { IncomingMessage, ServerResponse } from "node:http";
import { clientKind } from "../../decision-log/client-kind.ts";
import type { LogEntry } from "../../decision-log/log-entry.ts";
import { clientAddress } from "../../gate/check-url.ts";
import type { Transfer } from "../../static-files/send-file.ts";

/** Collects what the log says of one request while it is being answered. */
export interface DownloadRecord {
  /** What the checked and the file add; later calls win. */
  add(facts: Partial<LogEntry>): void;
  transferring(transfer: Transfer): void;
}

/** Starts a record; `finished` is called once, when the answer has ended in whichever way. */
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
  let facts: Partial<LogEntry> = {};
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
      facts = { ...facts, ...more };
    },
    transferring(begun) {
      transfer = begun;
    },
  };
}
