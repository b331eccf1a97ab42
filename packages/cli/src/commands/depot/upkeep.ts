import { setImmediate as requestsInBetween } from "node:timers/promises";
import type { DepotServer } from "@portcullis/depot";
import type { Log } from "../../decision-log/create-log.ts";

/** What the upkeep of a depot needs. */
export interface UpkeepOptions {
  readonly depot: Pick<DepotServer, "receipts" | "removeUnused">;
  /** How long a receipt is stored after its manifest was fetched, in seconds. */
  readonly retention: number;
  /** Seconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  /** How often to look for what can be removed, in milliseconds. */
  readonly interval?: number;
}

const hour = 3_600_000;

/**
 * Removes old receipts and unused files, now and every hour; returns a function that stops this. Its promise resolves
 * when nothing is being removed.
 */
export function startUpkeep(options: UpkeepOptions): () => Promise<void> {
  const { depot, retention, now, log, interval = hour } = options;
  let isStopped = false;
  let removing = remove();
  const timer = setInterval(() => {
    removing = removing.then(remove);
  }, interval);
  timer.unref();

  async function remove(): Promise<void> {
    const before = Math.floor(now()) - retention;
    await tryTo("old receipts", async () => {
      while (!isStopped && (await depot.receipts.removeBefore(before)) > 0) await requestsInBetween();
    });
    if (!isStopped) await tryTo("unused files", () => depot.removeUnused());
  }

  async function tryTo(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      log.error(`${what} could not be removed: ${(error as Error).message}`);
    }
  }

  return () => {
    isStopped = true;
    clearInterval(timer);
    return removing;
  };
}
