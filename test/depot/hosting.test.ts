import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { type DepotServer, openDepotServer, readDataKeyFile } from "@portcullis/depot";
import { openStore } from "../../packages/depot/src/store/open-store.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createClock, depotData, publicUrl, type RunningDepot } from "./running-depot.ts";
import { writeSampleApp } from "./sample-app.ts";

const MiB = 1024 * 1024;
const day = 86_400;
const app = "com.example.notes";

describe("a file in the database", () => {
  const depot = depotData();
  const size = 2 * MiB + 12_345;
  let running: RunningDepot;
  let file: Buffer;
  let target: string;
  before(async () => {
    file = await depot.publish({ size }, "--hosting", "database");
    running = await depot.start();
    target = await running.packageTarget((await depot.link()).path);
  });

  test("is served as a file of the data folder is, whole and in ranges over its parts", async () => {
    assert.deepEqual(readdirSync(join(depot.data, "files")), []);
    const whole = await running.request(target);
    assert.deepEqual([whole.status, whole.body.equals(file)], [200, true]);
    assert.equal(whole.headers["content-type"], "application/octet-stream");
    assert.equal(whole.headers["accept-ranges"], "bytes");
    for (const [first, last] of [
      [0, 0],
      [MiB - 1, MiB],
      [MiB, 2 * MiB - 1],
      [100, file.length - 1],
      [file.length - 1, file.length - 1],
    ] as const) {
      const part = await running.request(target, { headers: { Range: `bytes=${first}-${last}` } });
      assert.equal(part.headers["content-range"], `bytes ${first}-${last}/${file.length}`);
      assert.deepEqual([part.status, part.body.equals(file.subarray(first, last + 1))], [206, true], `from ${first}`);
    }
    const head = await running.request(target, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers["content-length"]], [200, String(file.length)]);
    assert.equal((await running.request(target, { headers: { Range: `bytes=${file.length}-` } })).status, 416);
  });

  test("has an entity tag that its URL does not disclose, and a download is resumed with it", async () => {
    const { headers } = await running.request(target, { method: "HEAD" });
    const etag = String(headers.etag);
    assert.match(etag, /^"[\da-f]{32}"$/);
    const resumed = await running.request(target, { headers: { Range: "bytes=5-", "If-Range": etag } });
    assert.deepEqual([resumed.status, resumed.body.equals(file.subarray(5))], [206, true]);
    const other = await running.request(target, { headers: { Range: "bytes=5-", "If-Range": '"other"' } });
    assert.equal(other.status, 200);
  });

  test("is where the next version of the app is stored as well", async () => {
    await depot.publish({ version: "2.0" });
    const { stdout } = await runMain(["item", "versions", app, ...depot.place, "--json"]);
    const { versions } = JSON.parse(stdout) as { versions: { hosting: string }[] };
    assert.deepEqual(
      versions.map(({ hosting }) => hosting),
      ["database", "database"],
    );
  });

  test("is at most 32 MiB; a larger one is refused, and nothing is published", async () => {
    const large = writeSampleApp(join(temporaryFolder(), "large.ipa"), { version: "3.0", size: 32 * MiB });
    const { code, stderr } = await runMain(["publish", large, ...depot.place, "--hosting", "database"]);
    assert.match(`${code} ${stderr}`, /^3 .*larger than 32 MiB.*\nChoose another hosting location: data-folder/);
    const { stdout } = await runMain(["item", "versions", app, ...depot.place]);
    assert.doesNotMatch(stdout, /3\.0/);
    assert.deepEqual(readdirSync(join(depot.data, "incoming")), []);
  });
});

describe("moving files", () => {
  const clock = createClock();
  const depot = depotData(clock);
  let running: RunningDepot;
  let file: Buffer;
  let path: string;
  before(async () => {
    file = await depot.publish({ size: MiB + 1 });
    running = await depot.start();
    path = (await depot.link()).path;
  });

  const item = async (...args: string[]) => {
    const { code, stdout, stderr } = await runMain(["item", ...args, ...depot.place], { now: clock.now });
    return code === 0 ? stdout : `${code} ${stderr}`;
  };
  const parts = async (): Promise<number> => {
    const store = await openStore(depot.storePlace);
    const rows = await store.db.selectFrom("file_part").select("number").execute();
    await store.close();
    return rows.length;
  };
  const served = async (target: string) => (await running.request(target)).body.equals(file);

  test("to the database and back changes nothing for devices, also with a manifest from before", async () => {
    const target = await running.packageTarget(path);
    assert.equal(await item("host", app, "--hosting", "database"), `${app}: 1 file was moved to database\n`);
    assert.equal(await parts(), 2);
    assert.ok(await served(target));
    assert.ok(await served(await running.packageTarget(path)));
    assert.equal(await item("host", app, "--hosting", "database"), `${app}: 0 files were moved to database\n`);
    assert.equal(await item("host", app, "--hosting", "data-folder"), `${app}: 1 file was moved to data-folder\n`);
    assert.equal(await parts(), 0);
    assert.ok(await served(target));
  });

  test("leaves the file in the data folder for a day, for a backup that is being made", async () => {
    await item("host", app, "--hosting", "database");
    const files = () => readdirSync(join(depot.data, "files"));
    const [kept = ""] = files();
    const folder = join(depot.data, "files", kept);
    const server = await openServer(depot, clock);
    await server.removeUnused();
    assert.deepEqual(files(), [kept]);
    utimesSync(folder, 0, 0);
    await server.removeUnused();
    assert.deepEqual(files(), [kept], "the file is old, and was moved a moment ago");
    clock.pass(day + 1);
    await server.removeUnused();
    assert.deepEqual(files(), []);
    await server.close();
    assert.ok(await served(await running.packageTarget(path)), "from the database");
  });

  test("check says where each file is, and which one is missing", async () => {
    assert.match(await item("check", app), /^ID +HOSTING +STATE\n\S+ +database +ok\n$/);
    const store = await openStore(depot.storePlace);
    await store.db.updateTable("version").set({ hosting: "data-folder" }).execute();
    await store.close();
    const { code, stdout } = await runMain(["item", "check", app, ...depot.place]);
    assert.match(`${code} ${stdout}`, /^1 .*\n\S+ +data-folder +the file is not there\n$/);
  });

  test("each mistake gets a message that says what to do", async () => {
    assert.match(await item("host", app), /^2 .*pass one of --hosting, --url and --object\nFor example: --hosting/);
    assert.match(await item("host"), /^2 .*specify the bundle identifier/);
    assert.match(await item("list", "--hosting", "database"), /^2 .*--hosting has no effect on item list/);
    assert.match(await item("check", app, "--version-id", "x"), /^2 .*--version-id has no effect on item check/);
    assert.match(await item("host", app, "--hosting", "database", "--version-id", "x"), /^3 .*no version with the ID/);
    assert.match(
      await item("host", "com.example.none", "--hosting", "database"),
      /^3 .*no app or package with the identifier/,
    );
  });
});

test("files that were left behind are removed when the depot starts, and published files are not", async () => {
  const clock = createClock();
  const depot = depotData(clock);
  const file = await depot.publish();
  const { path } = await depot.link();
  const [published = ""] = readdirSync(join(depot.data, "files"));
  const left = {
    "a copy": join(depot.data, "incoming", "copy"),
    "a form with a file": join(depot.data, "incoming", "form"),
    "a file without a version": join(depot.data, "files", "0".repeat(64)),
    "what is not a file of the depot": join(depot.data, "files", "lost+found"),
  };
  writeFileSync(left["a copy"], "half");
  for (const path of Object.values(left).slice(1)) {
    mkdirSync(path);
    writeFileSync(join(path, "App.ipa"), "half");
  }
  for (const path of [...Object.values(left), join(depot.data, "files", published)]) utimesSync(path, 0, 0);
  const running = await depot.start();
  const remaining = () => Object.entries(left).flatMap(([name, path]) => (existsSync(path) ? [name] : []));
  while (remaining().length > 1) await setTimeout(10);
  assert.deepEqual(remaining(), ["what is not a file of the depot"]);
  assert.ok((await running.request(await running.packageTarget(path))).body.equals(file));
  const { code, stderr } = await runMain([
    "publish",
    writeSampleApp(join(temporaryFolder(), "App.ipa")),
    ...depot.place,
  ]);
  assert.equal(code, 0, stderr);
});

function openServer({ options }: ReturnType<typeof depotData>, { now }: { now(): number }): Promise<DepotServer> {
  const dataKey = readDataKeyFile(join(options.data, "data.key"));
  return openDepotServer({ ...options, dataKey, publicUrl, now });
}
