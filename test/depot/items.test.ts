import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { openDepot } from "@portcullis/depot";
import { sql } from "kysely";
import { migrations } from "../../packages/depot/src/store/migrations.ts";
import { migrate } from "../../packages/depot/src/store/open-store.ts";
import { openPostgres } from "../../packages/depot/src/store/postgres.ts";
import { openSqlite } from "../../packages/depot/src/store/sqlite.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createClock, depotData, type RunningDepot } from "./running-depot.ts";
import { writeSampleApp } from "./sample-app.ts";

describe("an item's channels", () => {
  const depot = depotData();
  const app = "com.example.notes";
  let running: RunningDepot;
  let path: string;
  before(async () => {
    await depot.publish({ version: "1.0" });
    running = await depot.start();
    path = (await depot.link()).path;
  });

  const item = async (...args: string[]) => {
    const { code, stdout, stderr } = await runMain(["item", ...args, ...depot.place], { now: depot.clock.now });
    return code === 0 ? stdout : `${code} ${stderr}`;
  };
  /** The version in the manifest that a device gets. */
  const served = async () => {
    const { body } = await running.request(path);
    return /<key>bundle-version<\/key>\s*<string>([^<]+)</.exec(body.toString())?.[1];
  };

  test("the links of a channel install what is promoted to it, and its old version after a rollback", async () => {
    await depot.publish({ version: "2.0" }, "--channel", "beta");
    assert.equal(await served(), "1.0");
    assert.equal(await item("promote", app, "--from", "beta"), `${app} 2.0 is on channel release\n`);
    assert.equal(await served(), "2.0");
    assert.equal(await item("rollback", app), `${app} 1.0 is on channel release\n`);
    assert.equal(await served(), "1.0");
  });

  test("rolled back twice, a channel goes back two versions, and then no further", async () => {
    const versions = ["3.0", "4.0", "5.0"];
    for (const version of versions) await depot.publish({ version });
    const seen = [];
    for (const _ of versions) {
      await item("rollback", app);
      seen.push(await served());
    }
    assert.deepEqual(seen, ["4.0", "3.0", "1.0"]);
    assert.match(await item("rollback", app), /^3 .*no earlier version to roll back to\nChoose one/);
    assert.equal(await served(), "1.0");
  });

  test("after a rollback and a new version, the next rollback returns to the version before the new one", async () => {
    await depot.publish({ version: "6.0" });
    await item("rollback", app);
    await depot.publish({ version: "7.0" });
    await item("rollback", app);
    assert.equal(await served(), "1.0");
  });

  test("promoting the current version is not a change to roll back", async () => {
    await depot.publish({ version: "8.0" });
    await item("promote", app, "--from", "release");
    await item("promote", app, "--from", "release");
    await item("rollback", app);
    assert.equal(await served(), "1.0");
  });

  test("any version of the item can be chosen by its ID, and none of another item", async () => {
    const { versions } = JSON.parse(await item("versions", app, "--json"));
    const third = versions.find(({ bundleVersion }: { bundleVersion: string }) => bundleVersion === "3.0");
    await item("promote", app, "--version-id", third.id);
    assert.equal(await served(), "3.0");
    await depot.publish({ identifier: "com.example.other", version: "9.0" });
    const { versions: others } = JSON.parse(await item("versions", "com.example.other", "--json"));
    assert.match(await item("promote", app, "--version-id", others[0].id), /^3 .*has no version with the ID/);
    assert.equal(await served(), "3.0");
  });

  test("item list shows the version of each channel, and item versions shows what prevents installation", async () => {
    const list = await item("list");
    assert.match(list, /^APP +TITLE +KIND +CHANNELS\n/);
    assert.match(list, /com\.example\.notes +Notes +ipa +beta 2\.0, release 3\.0\n/);
    const lines = (await item("versions", app)).trimEnd().split("\n");
    assert.equal(lines.length, 9, "a line for each version and the heading");
    assert.match(lines.find((line) => line.includes(" 3.0 ")) ?? "", /\d+ +data-folder +release +not_signed$/);
    const { items } = JSON.parse(await item("list", "--json"));
    const notes = items.find(({ bundleIdentifier }: { bundleIdentifier: string }) => bundleIdentifier === app);
    const [{ name, bundleVersion }] = notes.channels;
    assert.deepEqual([name, bundleVersion], ["beta", "2.0"]);
  });

  test("each mistake gets a message that says what to do", async () => {
    assert.match(await item("publish"), /^2 .*ACTION must be one of list, versions, promote, rollback/);
    assert.match(
      await item("promote", app, "--from", "beta", "--limit", "1"),
      /^2 .*--limit has no effect on item promote/,
    );
    assert.match(await item("rollback", app, "--after", "x"), /^2 .*--after has no effect on item rollback/);
    assert.match(await item("list", app), /^2 .*takes no further operand: remove/);
    assert.match(await item("versions"), /^2 .*specify the bundle identifier/);
    assert.match(await item("versions", "com.example.none"), /^3 .*com\.example\.none has been published/);
    assert.match(await item("promote", app), /^2 .*pass --from CHANNEL or --version-id ID/);
    assert.match(await item("promote", app, "--from", "a", "--version-id", "b"), /^2 .*pass --from/);
    assert.match(await item("promote", app, "--from", "gamma"), /^3 .*channel gamma\nIts channels: beta, release/);
    assert.match(await item("promote", app, "--from", "beta", "--channel", "A b"), /^3 .*lower-case letters/);
    assert.match(await item("rollback", app, "--channel", "gamma"), /^3 .*channel gamma/);
    assert.match(await item("rollback", app, "--from", "beta"), /^2 .*--from has no effect on item rollback/);
    assert.match(await item("list", "--version-id", "x"), /^2 .*--version-id has no effect on item list/);
  });
});

test("two changes of one channel at the same moment are both in its history", async () => {
  const folder = temporaryFolder();
  const depot = await openDepot(depotData().options);
  for (const version of ["1.0", "2.0", "3.0"]) {
    const channel = `v${version[0]}`;
    await depot.publish(writeSampleApp(join(folder, `${version}.ipa`), { version }), { channel });
  }
  const promote = (from: string) => depot.items.promote("com.example.notes", { from, to: "release" });
  await promote("v1");
  await Promise.all([promote("v2"), promote("v3")]);
  const { bundleVersion } = await depot.items.rollBack("com.example.notes", "release");
  assert.ok(["2.0", "3.0"].includes(bundleVersion), bundleVersion);
  assert.equal((await depot.items.rollBack("com.example.notes", "release")).bundleVersion, "1.0");
  await depot.close();
});

test("migrating a database without channel history starts it with the current versions", async () => {
  const depot = depotData();
  mkdirSync(depot.data);
  const { storePlace } = depot;
  const store = "file" in storePlace ? openSqlite(storePlace.file) : await openPostgres(storePlace.url);
  await migrate(store, migrations.slice(0, 1));
  for (const statement of [
    "insert into item values ('i', 'ipa', 'com.example.notes', 'Notes', 1)",
    `insert into version values ('v', 'i', 'ab', 'Notes.ipa', '{"bundleVersion":"1.0"}', '{}', 10, 1)`,
    "insert into channel values ('i', 'release', 'v', 1)",
  ]) {
    await sql.raw(statement).execute(store.db);
  }
  await store.close();
  await depot.publish({ version: "2.0" });
  const { stdout, stderr } = await runMain(["item", "rollback", "com.example.notes", ...depot.place]);
  assert.equal(stdout, "com.example.notes 1.0 is on channel release\n", stderr);
  const { stdout: versions } = await runMain(["item", "versions", "com.example.notes", ...depot.place]);
  assert.match(
    versions,
    / 1\.0 +\S+ \S+ +\d+ +data-folder +release\n/,
    "what was not stored is not shown as a warning",
  );
});

test("a provisioning profile that expires after the app was published produces warnings by then", async () => {
  const clock = createClock();
  const depot = depotData(clock);
  await depot.publish({ profileExpiresAt: clock.now() + 40 * 86_400 });
  const warnings = async () => {
    const { stdout } = await runMain(["item", "versions", "com.example.notes", ...depot.place], { now: clock.now });
    return stdout.trimEnd().split(/ {2,}/).at(-1);
  };
  assert.equal(await warnings(), "not_signed");
  clock.pass(20 * 86_400);
  assert.equal(await warnings(), "not_signed, profile_expires_soon");
  clock.pass(20 * 86_400);
  assert.equal(await warnings(), "not_signed, profile_expired");
});
