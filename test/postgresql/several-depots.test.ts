import assert from "node:assert/strict";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { sql } from "kysely";
import { openStore, type Store } from "../../packages/depot/src/store/open-store.ts";
import { depotData, publicUrl, type RunningDepot, useDatabases } from "../depot/running-depot.ts";
import { startPortcullis } from "../support/portcullis-process.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startPostgres } from "./postgres-server.ts";

const server = await startPostgres();
useDatabases(server);

test("two depots that start at the same moment on an empty database agree on its schema and on one private key", async () => {
  const database = server.createDatabase();
  const folder = temporaryFolder();
  const dataKey = join(folder, "data.key");
  writeFileSync(dataKey, "ab".repeat(32));
  const depots = ["one", "two"].map((name) =>
    startPortcullis([
      ...["depot", "--data", join(folder, name), "--database", database, "--data-key-file", dataKey],
      ...["--public-url", publicUrl, "--host", "127.0.0.1", "--port", "0", "--admin", "off"],
    ]),
  );
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

describe("a database that is gone for a while", () => {
  const depot = depotData();
  let running: RunningDepot;
  let path: string;
  let target: string;
  before(async () => {
    await depot.publish();
    running = await depot.start();
    path = (await depot.link()).path;
    target = await running.packageTarget(path);
    server.stop();
  });

  test("no manifest can be made: 503, and the client can try again", async () => {
    const { status, headers } = await running.request(path);
    assert.deepEqual([status, headers["retry-after"]], [503, "10"]);
  });

  test("a file whose token was made before is still served", async () => {
    assert.equal((await running.request(target)).status, 200);
    while (!/receipt \S+ could not be written/.test(running.log())) await setTimeout(20);
  });

  test("commands say what is wrong, without the password", async () => {
    const database = String(depot.options.database).replace("portcullis@", "portcullis:hunter2@");
    const { code, stderr } = await runMain(["link", "list", "--data", depot.data, "--database", database]);
    assert.equal(code, 3);
    assert.match(stderr, /^portcullis: the database cannot be used: .*\nCheck its URL/);
    assert.doesNotMatch(stderr, /hunter2/);
  });

  test("when it is back, manifests work again without a restart of the depot", async () => {
    server.start();
    assert.equal((await running.request(path)).status, 200);
    assert.equal((await running.request(await running.packageTarget(path))).status, 200);
  });
});

test("a URL that is not PostgreSQL's is refused without being echoed", async () => {
  for (const database of ["mysql://root:hunter2@db", "postgres:hunter2", "depot.db", "postgres://a:hunter2@db:x/y"]) {
    const { code, stderr } = await runMain(["link", "list", "--data", temporaryFolder(), "--database", database]);
    assert.match(`${code} ${stderr}`, /^3 portcullis: the URL of the database must begin with postgres:/);
    assert.doesNotMatch(stderr, /hunter2/);
  }
});

test("a backup made with pg_dump is completely restored into an empty database", async () => {
  const depot = depotData();
  const file = await depot.publish();
  const { path, id } = await depot.link();
  const running = await depot.start();
  await running.request(await running.packageTarget(path));

  const dump = join(server.folder, "depot.dump");
  server.run("pg_dump", "--format", "custom", "--file", dump, "--dbname", String(depot.options.database));
  await depot.publish({ version: "2.0" });
  const restored = depotData(depot.clock);
  server.run("pg_restore", "--dbname", String(restored.options.database), dump);
  mkdirSync(restored.data, { mode: 0o700 });
  for (const name of ["files", "data.key"])
    cpSync(join(depot.data, name), join(restored.data, name), { recursive: true });

  const again = await restored.start();
  const { body } = await again.request(await again.packageTarget(path));
  assert.ok(body.equals(file));
  const { receipts } = (await restored.links("receipts", id)) as { receipts: unknown[] };
  assert.equal(receipts.length, 2);
});

describe("a writer that does not come to an end", () => {
  const database = server.createDatabase();

  test("keeps others waiting for four seconds, after which none of their statements is left", async () => {
    const [store, other] = [await openStore({ url: database }), await openStore({ url: database })];
    await store.write(async (transaction) => {
      await assert.rejects(
        other.write(async () => assert.fail("two writers at once")),
        /lock timeout/,
      );
      const waiting = sql<{ pid: number }>`select pid from pg_stat_activity where wait_event_type = 'Lock'`;
      assert.deepEqual((await waiting.execute(transaction)).rows, []);
    });
    await other.write(async () => {});
    await Promise.all([store.close(), other.close()]);
  });

  test("is ended by the server if it does nothing for 30 seconds, and no other session is", async () => {
    const store = await openStore({ url: database });
    const limitOf = async (db: Store["db"]) =>
      (
        await sql<{ limit: string }>`select current_setting('idle_in_transaction_session_timeout') as "limit"`.execute(
          db,
        )
      ).rows;
    assert.deepEqual(await store.write(limitOf), [{ limit: "30s" }]);
    assert.deepEqual(await limitOf(store.db), [{ limit: "0" }]);
    await store.close();
  });
});
