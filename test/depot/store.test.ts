import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { sql } from "kysely";
import Libsql from "libsql";
import { migrations } from "../../packages/depot/src/store/migrations.ts";
import { migrate, openStore } from "../../packages/depot/src/store/open-store.ts";
import type { Database } from "../../packages/depot/src/store/schema.ts";
import { startPortcullis } from "../support/portcullis-process.ts";
import { python } from "../support/python.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { depotData, publicUrl } from "./running-depot.ts";
import { writeSampleApp } from "./sample-app.ts";

test("a write is atomic, and the next one still works", async () => {
  const store = await openStore({ file: join(temporaryFolder(), "depot.db") });
  const names = async () => (await store.db.selectFrom("setting").select("name").execute()).map(({ name }) => name);
  const insert = (name: string, fails: boolean) =>
    store.write(async (transaction) => {
      await transaction.insertInto("setting").values({ name, value: "" }).execute();
      if (fails) throw new Error("stop");
    });
  await assert.rejects(insert("one", true), /stop/);
  assert.deepEqual(await names(), []);
  await Promise.all([insert("two", false), insert("three", false)]);
  assert.deepEqual((await names()).sort(), ["three", "two"]);
  await store.close();
});

test("a write has the database for itself from its beginning, and is on disk when it ends", async () => {
  const file = join(temporaryFolder(), "depot.db");
  const store = await openStore({ file });
  const other = new Libsql(file, { timeout: 0 });
  // What it reads at its beginning is still true when it writes.
  await store.write(async () => {
    assert.throws(() => other.exec("begin immediate"), /locked|busy/i);
  });
  other.exec("begin immediate");
  other.exec("rollback");
  other.close();
  const synchronous = async (db: Database) =>
    (await sql<{ synchronous: number }>`pragma synchronous`.execute(db)).rows[0]?.synchronous;
  // https://www.sqlite.org/pragma.html#pragma_synchronous: 2 is FULL, 1 is NORMAL.
  assert.equal(await store.write(synchronous), 2);
  assert.equal(await synchronous(store.db), 1);
  await store.close();
});

test("a step of the schema that fails leaves the database as it was; a newer schema is refused", async () => {
  const file = join(temporaryFolder(), "depot.db");
  const store = await openStore({ file });
  const add = async (db: Parameters<(typeof migrations)[0]>[0]) => {
    await db.schema.createTable("more").addColumn("id", "integer").execute();
  };
  const fail = async () => {
    throw new Error("no");
  };
  await assert.rejects(migrate(store, [...migrations, add, fail]), /no/);
  await migrate(store, [...migrations, add]);
  await migrate(store, [...migrations, add]);
  await store.close();
  await assert.rejects(openStore({ file }), { code: "store_newer" });
});

test("two depots that start at the same moment on an empty folder agree on one database, data key and private key", async () => {
  const { data } = depotData();
  const args = [
    "depot",
    "--data",
    data,
    "--public-url",
    publicUrl,
    "--host",
    "127.0.0.1",
    "--port",
    "0",
    "--admin",
    "off",
  ];
  const depots = [startPortcullis(args), startPortcullis(args), startPortcullis(args)];
  const keys = await Promise.all(
    depots.map(
      async ({ line }) =>
        /key in use: (\S+)/.exec((await line(({ msg }) => msg?.startsWith("key") === true)).msg ?? "")?.[1],
    ),
  );
  assert.equal(new Set(keys).size, 1, keys.join());
  assert.ok(keys[0]);
  for (const depot of depots) assert.equal(await depot.end(), 0, depot.stderr());
});

test("two processes can publish and make links at the same time while a depot runs", async () => {
  const depot = depotData();
  const running = await depot.start();
  const base = temporaryFolder();
  const publishing = ["1.0", "2.0", "3.0"].map((version) => {
    const file = writeSampleApp(join(base, `${version}.ipa`), { version });
    return startPortcullis(["publish", file, ...depot.place]);
  });
  for (const process of publishing) assert.equal(await process.ended, 0, process.stderr());
  const { path } = await depot.link();
  assert.equal((await running.request(path)).status, 200);
});

test("a second store in the same process keeps the first one's locks and sees other processes' writes", async () => {
  const file = join(temporaryFolder(), "depot.db");
  const first = await openStore({ file });
  const second = await openStore({ file });
  // Without the lock, the first process would delete the log when it closes the database, and the next one would begin a new log.
  const names = async () => (await first.db.selectFrom("setting").select("name").execute()).map(({ name }) => name);
  for (const name of ["one", "two"]) {
    python(insertSetting, { file, name });
    assert.ok((await names()).includes(name), name);
  }
  await second.close();
  await first.close();
});

const insertSetting = `
import sqlite3
database = sqlite3.connect(input["file"])
database.execute("insert into setting (name, value) values (?, '')", [input["name"]])
database.commit()
database.close()
`;
