import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { startUpkeep } from "../../packages/cli/src/commands/depot/upkeep.ts";
import type { Log } from "../../packages/cli/src/decision-log/create-log.ts";
import { recordChanges } from "../../packages/depot/src/audit/audit.ts";
import { createLinks } from "../../packages/depot/src/link/links.ts";
import { createReceipts, type Receipts } from "../../packages/depot/src/receipt/receipts.ts";
import { openStore, type Store } from "../../packages/depot/src/store/open-store.ts";
import { createClock, depotData } from "./running-depot.ts";

const size = 1000;

describe("receipts", () => {
  const clock = createClock();
  const depot = depotData(clock);
  let store: Store;
  let receipts: Receipts;
  let linkId: string;
  let versionId: string;
  before(async () => {
    await depot.publish();
    store = await openStore(depot.storePlace);
    receipts = createReceipts(store, clock.now);
    const links = createLinks(store, clock.now, recordChanges({ name: "test" }, clock.now));
    linkId = (await links.create({ item: "com.example.notes", channel: "release", recipient: "iPad" })).id;
    versionId = (await store.db.selectFrom("version").select("id").executeTakeFirstOrThrow()).id;
  });

  /** What a receipt says after these GET responses: status, `Range`, bytes sent. */
  async function after(
    id: string,
    ...responses: readonly (readonly [number, string | undefined, number])[]
  ): Promise<string> {
    await receipts.begin({ id, linkId, versionId, client: "test", address: undefined });
    for (const [status, range, sent] of responses) {
      await receipts.downloadEnded({ receiptId: id, method: "GET", status, range, sent, size });
    }
    const receipt = (await receipts.list(linkId)).entries.find((one) => one.id === id);
    return `${receipt?.bytes} ${receipt?.completedAt === undefined ? "incomplete" : "complete"}`;
  }

  test("a download is complete when every byte was sent, in one response or in several", async () => {
    assert.equal(await after("whole", [200, undefined, 1000]), "1000 complete");
    assert.equal(await after("broken", [200, undefined, 999]), "999 incomplete");
    assert.equal(await after("resumed", [200, undefined, 600], [206, "bytes=600-", 400]), "1000 complete");
    assert.equal(await after("overlap", [200, undefined, 600], [206, "bytes=500-", 500]), "1100 complete");
    assert.equal(await after("parts", [206, "bytes=0-499", 500], [206, "bytes=500-999", 500]), "1000 complete");
    assert.equal(await after("suffix", [200, undefined, 900], [206, "bytes=-100", 100]), "1000 complete");
  });

  test("it is not complete with a gap, with the same half twice, or after refusals", async () => {
    assert.equal(await after("gap", [206, "bytes=0-399", 400], [206, "bytes=500-", 500]), "900 incomplete");
    assert.equal(await after("twice", [206, "bytes=0-499", 500], [206, "bytes=0-499", 500]), "1000 incomplete");
    assert.equal(await after("tail", [206, "bytes=1-", 999]), "999 incomplete");
    assert.equal(await after("short tail", [200, undefined, 900], [206, "bytes=-100", 50]), "950 incomplete");
    assert.equal(
      await after("refused", [401, undefined, 1000], [416, undefined, 1000], [304, undefined, 0]),
      "0 incomplete",
    );
  });

  test("downloads that end at the same moment are all counted", async () => {
    await receipts.begin({ id: "many", linkId, versionId, client: "test", address: undefined });
    const parts = Array.from({ length: 10 }, (_, index) => index * 100);
    await Promise.all(
      parts.map((first) =>
        receipts.downloadEnded({
          receiptId: "many",
          method: "GET",
          status: 206,
          range: `bytes=${first}-${first + 99}`,
          sent: 100,
          size,
        }),
      ),
    );
    assert.equal((await receipts.list(linkId)).entries.find(({ id }) => id === "many")?.bytes, 1000);
  });

  test("HEAD is recorded once, and an unknown token changes nothing", async () => {
    await receipts.begin({ id: "head", linkId, versionId, client: "test", address: undefined });
    const head = { receiptId: "head", method: "HEAD", status: 200, range: undefined, sent: 0, size };
    await receipts.downloadEnded(head);
    const at = clock.now();
    clock.pass(60);
    await receipts.downloadEnded(head);
    await receipts.downloadEnded({ ...head, receiptId: "of nobody" });
    const receipt = (await receipts.list(linkId)).entries.find(({ id }) => id === "head");
    assert.deepEqual([receipt?.headAt, receipt?.getAt], [at, undefined]);
    await store.close();
  });
});

describe("receipts that are old", () => {
  const clock = createClock();
  const depot = depotData(clock);
  const day = 86_400;
  const stored = async (id: string) => ((await depot.links("receipts", id)) as { receipts: unknown[] }).receipts.length;

  test("are removed by a depot that starts, after the time that it is given; when a link was last used stays known", async () => {
    await depot.publish();
    const first = await depot.start();
    const old = await depot.link();
    const used = await depot.link();
    for (const { path } of [old, old, used]) await first.request(path);
    const usedAt = clock.now();
    clock.pass(day);
    await first.request(used.path);
    await first.end();

    clock.pass(6 * day);
    await (await depot.start("--receipt-retention", "7d")).end();
    assert.deepEqual([await stored(old.id), await stored(used.id)], [2, 2], "none is older than 7 days");
    clock.pass(1);
    const second = await depot.start("--receipt-retention", "7d");
    while ((await stored(old.id)) > 0) await setTimeout(20);
    assert.equal(await stored(used.id), 1);
    const { links } = (await depot.links("list")) as { links: { id: string; lastUsedAt: number }[] };
    const lastUsed = (id: string) => links.find((link) => link.id === id)?.lastUsedAt;
    assert.deepEqual([lastUsed(old.id), lastUsed(used.id)], [usedAt, usedAt + day]);
    await second.request(used.path);
    assert.equal(await stored(used.id), 2);
    await second.end();
  });

  test("are removed in parts, again and again, until the depot ends; a failure is logged", async () => {
    const calls: number[] = [];
    const problems: string[] = [];
    const parts = [200, 200, 5, 0];
    const receipts = {
      async removeBefore(time: number) {
        calls.push(time);
        if (calls.length === 5) throw new Error("locked");
        return parts.shift() ?? 0;
      },
    } as Partial<Receipts> as Receipts;
    const log = { error: (text: string) => problems.push(text) } as Partial<Log> as Log;
    const depot = { receipts, removeUnused: async () => {} };
    const stop = startUpkeep({ depot, retention: 90, now: () => 1000.5, log, interval: 5 });
    while (calls.length < 7) await setTimeout(5);
    await stop();
    const ended = calls.length;
    await setTimeout(30);
    assert.equal(calls.length, ended);
    assert.deepEqual(new Set(calls), new Set([910]));
    assert.deepEqual(problems, ["old receipts could not be removed: locked"]);
  });
});
