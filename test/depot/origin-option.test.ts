import assert from "node:assert/strict";
import { mkdirSync, readdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { openStore } from "../../packages/depot/src/store/open-store.ts";
import { writeSetting } from "../../packages/depot/src/store/settings.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { originHostingSuite } from "./origin-hosting-suite.ts";
import { depotData } from "./running-depot.ts";
import { writeSampleApp } from "./sample-app.ts";

const origin = temporaryFolder();
let seconds = 1;

originHostingSuite("a folder as its origin", {
  args: ["--origin", origin],
  secrets: ["PRIVATE KEY"],
  async put(name, bytes) {
    const path = join(origin, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    seconds += 1;
    utimesSync(path, seconds, seconds); // an old modification time, so that nothing waits for the file to settle
  },
});

test("the first version of an app is stored in the origin, if there is one", async () => {
  const depot = depotData();
  const base = temporaryFolder();
  await depot.publish({}, "--origin", base);
  const [sha256 = ""] = readdirSync(base);
  assert.match(sha256, /^[0-9a-f]{64}$/);
  assert.deepEqual(readdirSync(join(base, sha256)), ["App-1.ipa"]);
  await depot.publish({ identifier: "com.example.other" }, "--origin", base, "--hosting", "data-folder");
  assert.equal(readdirSync(base).length, 1);
});

test("an origin that is gone is 503 with the reason in the log, and its files are served when it is back", async () => {
  const depot = depotData();
  const base = join(temporaryFolder(), "mount");
  mkdirSync(base);
  const file = await depot.publish({}, "--origin", base);
  const running = await depot.start("--origin", base);
  const target = await running.packageTarget((await depot.link()).path);
  assert.ok((await running.request(target)).body.equals(file));
  renameSync(base, `${base}-gone`);
  const { status, headers } = await running.request(target);
  assert.deepEqual([status, headers["retry-after"]], [503, "2"]);
  renameSync(`${base}-gone`, base);
  assert.ok((await running.request(target)).body.equals(file));
});

test("a command that has another origin than the depot is refused, before it stores anything", async () => {
  const depot = depotData();
  const [one, other] = [temporaryFolder(), temporaryFolder()];
  const linked = join(temporaryFolder(), "linked");
  symlinkSync(one, linked);
  const app = writeSampleApp(join(temporaryFolder(), "App.ipa"), { version: "2.0" });
  const run = async (...args: readonly string[]) => {
    const { code, stderr } = await runMain([...args, ...depot.place]);
    return `${code} ${stderr}`;
  };
  await depot.publish({}, "--origin", one);
  await (await depot.start("--origin", one)).end();
  const differs = /^3 .*the depot serves files from another origin: .*\nPass the --origin with which the depot/;
  for (const args of [
    ["publish", app],
    ["publish", app, "--hosting", "origin"],
    ["publish", "--object", "a.ipa"],
    ["item", "host", "com.example.notes", "--hosting", "origin"],
    ["item", "check", "com.example.notes"],
  ]) {
    assert.match(await run(...args, "--origin", other), differs, args.join(" "));
    assert.match(await run(...args, "--origin", "https://files.invalid/apps/"), differs, args.join(" "));
  }
  assert.deepEqual(readdirSync(other), []);
  for (const same of [one, `${one}/`, linked, join(one, "..", basename(one))])
    assert.match(await run("item", "check", "com.example.notes", "--origin", same), /^0 /, same);

  await (await depot.start()).end();
  assert.match(
    await run("publish", app, "--origin", one),
    /^3 .*the depot was started without an origin.*\nStart it with the same --origin, or leave --origin out/,
  );
  assert.match(await run("publish", app, "--hosting", "data-folder"), /^0 /);
});

test("buckets of the same name at different services are different origins", async () => {
  const depot = depotData();
  await depot.publish();
  const keys = { AWS_ACCESS_KEY_ID: "KEY", AWS_SECRET_ACCESS_KEY: "secret", AWS_REGION: "eu-central-1" };
  const azure = { AZURE_STORAGE_KEY: "c2VjcmV0" };
  const [minio, other] = ["https://minio.example:9000", "https://store.example"];
  const amazon = "s3://apps";
  const check = async (serving: string, source: string, env: Record<string, string>, ...args: string[]) => {
    const store = await openStore(depot.storePlace);
    await writeSetting(store.db, "origin", serving);
    await store.close();
    const command = ["item", "check", "com.example.notes", ...depot.place, "--origin", source, ...args];
    const { code, stderr } = await runMain(command, { env });
    return code === 0 ? "same" : stderr;
  };
  const differs = /the depot serves files from another origin/;
  assert.equal(await check(amazon, amazon, keys), "same");
  assert.match(await check(amazon, amazon, keys, "--endpoint", minio), differs);
  assert.match(await check(amazon, amazon, { ...keys, AWS_ENDPOINT_URL: minio }), differs);
  const name = `${amazon} at ${minio}`;
  assert.match(await check(name, amazon, keys), new RegExp(`another origin: ${name}`));
  assert.equal(await check(name, `${amazon}/`, keys, "--endpoint", `${minio}/`), "same");
  assert.equal(await check(name, amazon, { ...keys, AWS_ENDPOINT_URL_S3: minio, AWS_ENDPOINT_URL: other }), "same");
  assert.equal(await check(name, amazon, { ...keys, AWS_ENDPOINT_URL_S3: other }, "--endpoint", minio), "same");
  const container = "azblob://account/apps";
  assert.match(await check(container, container, azure, "--endpoint", other), differs);
  assert.equal(await check(`${container} at ${other}`, container, azure, "--endpoint", other), "same");
  assert.equal(await check(container, container, { ...azure, AWS_ENDPOINT_URL: minio }), "same", "only for s3://");
});

test("each mistake gets a message that says what to do", async () => {
  const depot = depotData();
  const base = temporaryFolder();
  const app = writeSampleApp(join(base, "App.ipa"));
  await depot.publish();
  const publicUrl = ["--public-url", "https://apps.example"];
  for (const [args, problem] of [
    [["publish", app, "--hosting", "origin"], /^3 .*the depot has no origin.*--origin SOURCE/s],
    [["publish", app, "--region", "eu-central-1"], /^2 .*--region has no effect without --origin/],
    [["publish", app, "--origin", base, "--region", "x"], /^2 .*--region has no effect on this SOURCE\nIt is for s3/],
    [["publish", app, "--origin", join(base, "none")], /^3 .*there is no folder .*none/],
    [["publish", app, "--origin", app], /^3 .*App\.ipa is not a folder/],
    [["publish", app, "--origin", "gs://apps"], /^2 .*gs:\/\/ is not supported as a SOURCE\n.*s3:\/\//],
    [["publish", app, "--object", "a.ipa"], /^2 .*pass either FILE or --object/],
    [["publish"], /^2 .*pass either FILE or --object/],
    [
      ["publish", "--object", "a.ipa", "--origin", base, "--hosting", "database"],
      /^2 .*--hosting database has no effect/,
    ],
    [["publish", "--object", "a.ipa"], /^2 .*--origin is missing\nPass the --origin with which the depot is started/],
    [["publish", app, "--origin", "https://u:p4ss@files.example/"], /^2 .*https:\/\/…@files\.example/],
    [["item", "host", "com.example.notes", "--hosting", "origin"], /^3 .*the depot has no origin/],
    [["item", "host", "com.example.notes", "--object", "a.ipa"], /^3 .*the depot has no origin/],
    [
      ["item", "host", "com.example.notes", "--object", "a.ipa", "--hosting", "database"],
      /^2 .*pass one of --hosting, --url and --object/,
    ],
    [["item", "list", "--object", "a.ipa"], /^2 .*--object has no effect on item list/],
    [["depot", ...publicUrl, "--origin", "s3://a"], /^[23] .*s3:\/\/a/],
    [["depot", ...publicUrl, "--endpoint", "https://minio.example"], /^2 .*--endpoint has no effect without --origin/],
    [["depot", ...publicUrl, "--origin", join(base, "none")], /^3 .*there is no folder/],
  ] as const) {
    const env = { AWS_ACCESS_KEY_ID: "KEY", AWS_SECRET_ACCESS_KEY: "not-a-secret" };
    const { code, stderr } = await runMain([...args, ...depot.place], { env });
    assert.match(`${code} ${stderr}`, problem, args.join(" "));
    assert.doesNotMatch(stderr, /p4ss|not-a-secret/);
  }
});

test("a web server as the origin can only be read", async () => {
  const depot = depotData();
  const app = writeSampleApp(join(temporaryFolder(), "App.ipa"));
  const args = [...depot.place, "--origin", "https://files.invalid/apps/"];
  const refused = await runMain(["publish", app, ...args, "--hosting", "origin"]);
  assert.match(
    `${refused.code} ${refused.stderr}`,
    /^3 .*cannot be stored in the depot's origin, which is a web server/,
  );
  const { code, stdout } = await runMain(["publish", app, ...args, "--json"]);
  assert.deepEqual([code, JSON.parse(stdout).hosting], [0, "data-folder"]);
});
