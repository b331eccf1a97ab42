import { setImmediate as requestsInBetween } from "node:timers/promises";
import type { Receipts } from "@portcullis/depot";
import type { Log } from "../../decision-log/create-log.ts";

/** What the removal of old receipts needs. */
export interface ReceiptRemovalOptions {
  readonly receipts: Receipts;
  /** How long a receipt is stored after its manifest was fetched, in seconds. */
  readonly retention: number;
  /** Seconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  /** How often to look for old receipts, in milliseconds. */
  readonly interval?: number;
}

const hour = 3_600_000;

/** Removes old receipts, now and every hour; returns what ends it, which resolves when nothing is being removed. */
export function startReceiptRemoval(options: ReceiptRemovalOptions): () => Promise<void> {
  const { receipts, retention, now, log, interval = hour } = options;
  let isStopped = false;
  let removing = remove();
  const timer = setInterval(() => {
    removing = removing.then(remove);
  }, interval);
  timer.unref();

  async function remove(): Promise<void> {
    const before = Math.floor(now()) - retention;
    try {
      while (!isStopped && (await receipts.removeBefore(before)) > 0) await requestsInBetween();
    } catch (error) {
      log.error(`old receipts could not be removed: ${(error as Error).message}`);
    }
  }

  return () => {
    isStopped = true;
    clearInterval(timer);
    return removing;
  };
}
