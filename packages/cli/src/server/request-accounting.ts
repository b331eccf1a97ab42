import type { RequestListener } from "node:http";
import type { Log } from "../decision-log/create-log.ts";
import type { LogEntry } from "../decision-log/log-entry.ts";
import type { KeyUsage } from "../gate/key-usage.ts";
import type { Metrics } from "./metrics.ts";

/** Counts the requests of a server from their beginning to their line in the log. */
export interface RequestAccounting {
  /** The same listener, with each request counted as in progress. */
  counted(listener: RequestListener): RequestListener;
  /** Call this once for every response, when it has ended in any way. */
  readonly finished: (entry: LogEntry) => void;
  /** From now on each response closes its connection. */
  closeConnections(): void;
  /**
   * Waits a moment for the requests in progress: those that were aborted are logged shortly after their connections
   * are closed.
   */
  settled(): Promise<void>;
}

/** Creates the accounting; `matched` is called with the key that verified a token. */
export function createRequestAccounting(log: Log, metrics: Metrics, usage: KeyUsage): RequestAccounting {
  let inProgress = 0;
  let keepsAlive = true;
  return {
    counted: (listener) => (request, response) => {
      inProgress += 1;
      metrics.begun();
      if (!keepsAlive) response.shouldKeepAlive = false;
      listener(request, response);
    },
    finished(entry) {
      inProgress -= 1;
      metrics.ended();
      metrics.decided(entry);
      if (entry.key !== undefined) usage.matched(entry.key);
      log.decision(entry);
    },
    closeConnections() {
      keepsAlive = false;
    },
    async settled() {
      for (let turn = 0; inProgress > 0 && turn < 1000; turn += 1) await new Promise(setImmediate);
    },
  };
}
