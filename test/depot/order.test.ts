import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { openDepot } from "@portcullis/depot";
import { sql } from "kysely";
import { createReceiptIds } from "../../packages/depot/src/receipt/receipt-id.ts";
import { migrations } from "../../packages/depot/src/store/migrations.ts";
import { migrate } from "../../packages/depot/src/store/open-store.ts";
import { openPostgres } from "../../packages/depot/src/store/postgres.ts";
import { openSqlite } from "../../packages/depot/src/store/sqlite.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createClock, depotData } from "./running-depot.ts";

/** More than can be in order by chance. */
const many = Array.from({ length: 8 }, (_, index) => String(index));

test("what was made within one second is listed in the order in which it was made, newest first, in pages too", async () => {
  const depot = depotData();
  for (const version of many) await depot.publish({ version, size: 10 });
  const opened = await openDepot({ ...depot.options, now: depot.clock.now });
  const links: string[] = [];
  const tokens: string[] = [];
  for (const recipient of many) {
    links.unshift((await opened.links.create({ item: "com.example.notes", channel: "release", recipient })).id);
    tokens.unshift((await opened.apiTokens.create({ name: recipient })).id);
  }
  const running = await depot.start();
  const { id, path } = await depot.link();
  const receipts: string[] = [];
  for (const _ of many) {
    await running.packageTarget(path);
    receipts.unshift((await opened.receipts.list(id, { limit: 1 })).entries[0]?.id ?? "");
  }
  links.unshift(id);

  type Read = (page: { limit: number; after?: string | undefined }) => Promise<{
    readonly entries: readonly { readonly id: string }[];
    readonly next: string | undefined;
  }>;
  async function inPages(read: Read): Promise<string[]> {
    const ids: string[] = [];
    let after: string | undefined;
    do {
      const page = await read({ limit: 3, after });
      ids.push(...page.entries.map((entry) => entry.id));
      after = page.next;
    } while (after !== undefined);
    return ids;
  }
  const { entries } = await opened.items.versions("com.example.notes");
  assert.deepEqual(
    entries.map(({ bundleVersion }) => bundleVersion),
    many.toReversed(),
  );
  assert.deepEqual(
    await inPages((page) => opened.items.versions("com.example.notes", page)),
    entries.map((entry) => entry.id),
  );
  assert.deepEqual(
    (await opened.hosting.check("com.example.notes")).map(({ versionId }) => versionId),
    entries.map((entry) => entry.id),
  );
  assert.deepEqual(await inPages((page) => opened.links.list(page)), links);
  assert.deepEqual(await inPages((page) => opened.links.list({ ...page, item: "com.example.notes" })), links);
  assert.deepEqual(await inPages((page) => opened.apiTokens.list(page)), tokens);
  assert.equal(new Set(receipts).size, many.length);
  assert.deepEqual(await inPages((page) => opened.receipts.list(id, page)), receipts);
  await opened.close();
});

test("a new version is hosted where the newest version is, also if both are of one second", async () => {
  const depot = depotData();
  for (const version of many) {
    const hosting = Number(version) % 2 === 0 ? "database" : "data-folder";
    await depot.publish({ version, size: 10 }, "--hosting", hosting);
    await depot.publish({ version: `${version}.1`, size: 10 });
    const opened = await openDepot(depot.options);
    const [newest] = (await opened.items.versions("com.example.notes")).entries;
    assert.deepEqual([newest?.bundleVersion, newest?.hosting], [`${version}.1`, hosting]);
    await opened.close();
  }
});

test("versions, links and API tokens of an older database keep their order, and new ones follow", async () => {
  const { storePlace: place } = depotData();
  const store = "file" in place ? openSqlite(join(temporaryFolder(), "depot.db")) : await openPostgres(place.url);
  await migrate(store, migrations.slice(0, 8));
  for (const statement of [
    "insert into item (id, kind, bundle_identifier, title, created_at) values ('i', 'ipa', 'com.example.notes', 'Notes', 1)",
    ...["z", "b", "a"].map(
      (id, index) =>
        `insert into version (id, item_id, sha256, file_name, metadata, hashes, size, published_at)
          values ('${id}', 'i', '${id}', 'Notes.ipa', '{}', '{}', 10, ${Math.max(1, index)})`,
    ),
  ]) {
    await sql.raw(statement).execute(store.db);
  }
  await migrate(store, migrations);
  const rows = await store.db.selectFrom("version").select(["id", "number"]).orderBy("number").execute();
  assert.deepEqual(rows, [
    { id: "b", number: 1 },
    { id: "z", number: 2 },
    { id: "a", number: 3 },
  ]);
  await store.close();
});

test("IDs of receipts are in order within a millisecond, more of them than it has room for, and after the clock was set back", () => {
  const clock = createClock();
  const newId = createReceiptIds(clock.now);
  const ids: string[] = [];
  for (let count = 0; count < 5000; count += 1) ids.push(newId());
  clock.pass(1);
  ids.push(newId());
  clock.pass(-3600);
  ids.push(newId(), newId());
  assert.deepEqual(ids, ids.toSorted());
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
