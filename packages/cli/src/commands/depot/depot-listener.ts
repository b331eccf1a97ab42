import type { IncomingMessage, RequestListener } from "node:http";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { readPath } from "@portcullis/core";
import type { DepotServer } from "@portcullis/depot";
import { Counter } from "prom-client";
import { clientKind } from "../../decision-log/client-kind.ts";
import type { Log } from "../../decision-log/create-log.ts";
import type { LogEntry } from "../../decision-log/log-entry.ts";
import { createDownloadListener } from "../../server/download-listener.ts";
import { clientAddress, type DownloadRecord, startRecord } from "../../server/download-record.ts";
import type { ServerTools } from "../../server/run-server.ts";

/** What the listener of a depot needs. */
export interface DepotListenerOptions extends ServerTools {
  readonly depot: DepotServer;
  /** In seconds. */
  readonly resumeGrace: number;
  readonly trustProxy: boolean;
  /** Seconds since 1970. */
  readonly now: () => number;
  /** Receipts being written; wait for them before the depot is closed. */
  readonly pending: Set<Promise<void>>;
}

/**
 * Creates the request listener: it serves files as `serve` does, and writes receipts; the depot's app handles
 * everything else.
 */
export function createDepotListener(options: DepotListenerOptions): RequestListener {
  const { depot, gate, resumeGrace, trustProxy, now, finished, metrics } = options;
  const manifests = new Counter({
    name: "portcullis_manifests_total",
    help: "Manifest requests by outcome: allowed, or the reason for the refusal.",
    labelNames: ["code"],
    registers: [metrics.registry],
  });
  const records = new WeakMap<IncomingMessage, DownloadRecord>();

  const serveFile = createDownloadListener({
    gate,
    origin: depot.files,
    reportOnly: false,
    resumeGrace,
    trustProxy,
    now,
    finished(entry) {
      finished(entry);
      writeReceipt(entry, options);
    },
  });

  const serveApp = getRequestListener(
    (request, bindings) => {
      const { incoming } = bindings as HttpBindings;
      const record = records.get(incoming);
      return depot.app.fetch(request, {
        client: clientKind(incoming.headers["user-agent"]),
        address: clientAddress(incoming, trustProxy),
        report({ outcome, link, receipt, problem }) {
          if (outcome !== undefined) manifests.inc({ code: outcome });
          record?.add({ code: outcome, link, tokenId: receipt, problem });
        },
      });
    },
    // Other code in this process uses the runtime's own Request and Response.
    { overrideGlobalObjects: false, autoCleanupIncoming: false },
  );

  return (request, response) => {
    const { url = "" } = request;
    if (readPath(url)?.startsWith("/f/")) return serveFile(request, response);
    const record = startRecord(request, response, trustProxy, finished);
    record.add({ event: "link", path: hideSecrets(url) });
    records.set(request, record);
    void serveApp(request, response);
  };
}

/** The path for the log. A link is as secret as a token, wherever it appears, even in part or percent-encoded. */
export function hideSecrets(url: string): string {
  const path = url.split(/[?#]/, 1)[0] ?? "";
  return path.includes("%") ? "…" : path.replace(/[0-9a-f]{12,}/gi, "…");
}

/** A receipt that cannot be written must not end a download. */
function writeReceipt(entry: LogEntry, { depot, pending, log }: DepotListenerOptions & { readonly log: Log }): void {
  const { tokenId, method, status, bytes: sent, size, range } = entry;
  if (tokenId === undefined) return;
  const writing = depot.receipts
    .downloadEnded({ receiptId: tokenId, method, status, sent, size, range })
    .catch((error: Error) => log.error(`receipt ${tokenId} could not be written: ${error.message}`))
    .finally(() => pending.delete(writing));
  pending.add(writing);
}
