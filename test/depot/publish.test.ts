import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { placeFile } from "../../packages/depot/src/item/place-file.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { depotData } from "./running-depot.ts";
import { writeSampleApp } from "./sample-app.ts";

test("a file that is not a package is refused before it is copied, and a named pipe is not waited for", async () => {
  const depot = depotData();
  const base = temporaryFolder();
  const [pipe, text] = [join(base, "pipe.ipa"), join(base, "text.ipa")];
  execFileSync("mkfifo", [pipe]);
  writeFileSync(text, "no package");
  for (const [file, problem] of [
    [pipe, /pipe\.ipa: This is a folder, pipe or device/],
    [base, /This is a folder, pipe or device/],
    ["/dev/zero", /\/dev\/zero: This is a folder, pipe or device/],
    [text, /text\.ipa: The file is neither an \.ipa \(zip\) nor a flat \.pkg/],
  ] as const) {
    const run = await runMain(["publish", file, ...depot.place]);
    assert.equal(run.code, 3, run.stderr);
    assert.match(run.stderr.replaceAll("\n", " "), problem);
  }
  assert.deepEqual(readdirSync(join(depot.data, "incoming")), []);
});

const sharedMemory = "/dev/shm";

test("the files can be on another file system than the data folder", { skip: !existsSync(sharedMemory) }, async () => {
  const depot = depotData();
  const elsewhere = mkdtempSync(join(sharedMemory, "portcullis-test-"));
  after(() => rmSync(elsewhere, { recursive: true }));
  mkdirSync(depot.data);
  symlinkSync(elsewhere, join(depot.data, "files"));
  assert.notEqual(statSync(elsewhere).dev, statSync(depot.data).dev, "they are two file systems");
  const file = await depot.publish();
  const running = await depot.start();
  const { body } = await running.request(await running.packageTarget((await depot.link()).path));
  assert.ok(body.equals(file));
  const [folder = ""] = readdirSync(elsewhere);
  assert.equal(readdirSync(join(elsewhere, folder)).length, 1, "no part of a copy is left behind");
  assert.deepEqual(readdirSync(join(depot.data, "incoming")), []);
});

test("a file gets its place in one step, so that nobody finds a part of it there", {
  skip: process.platform === "win32",
}, async () => {
  const folder = temporaryFolder();
  const copy = join(folder, "copy");
  writeFileSync(copy, "the app");
  const place = join(folder, "place");
  await placeFile(copy, place, "App.ipa");
  assert.equal(statSync(join(place, "App.ipa")).ino, statSync(copy).ino, "it is the same file, by a second name");
});

test("publishing the same file again sets the channel, and the file is stored once", async () => {
  const depot = depotData();
  const base = temporaryFolder();
  const file = writeSampleApp(join(base, "One.ipa"));
  copyFileSync(file, join(base, "Other name.ipa"));
  const publish = async (name: string, ...more: string[]) => {
    const { stdout } = await runMain(["publish", join(base, name), ...depot.place, "--json", ...more]);
    return JSON.parse(stdout);
  };
  const first = await publish("One.ipa");
  const second = await publish("Other name.ipa", "--channel", "beta");
  assert.deepEqual([first.wasKnown, second.wasKnown], [false, true]);
  assert.equal(second.versionId, first.versionId);
  assert.deepEqual(readdirSync(join(depot.data, "files", first.sha256)), ["One.ipa"]);
  assert.deepEqual(readdirSync(join(depot.data, "incoming")), []);
});

test("the name in the URL has only letters, digits, hyphens and underscores, whatever the name of the file", async () => {
  const depot = depotData();
  const base = temporaryFolder();
  const names = {
    "Ünï cødé & more?.ipa": "n-c-d-more.ipa",
    "...ipa.ipa": "ipa.ipa",
    "--.IPA": "app.ipa",
    "a.b.c": "a-b.ipa",
  };
  for (const [name, expected] of Object.entries(names)) {
    const file = writeSampleApp(join(base, name), { identifier: `com.example.${expected.slice(0, -4)}` });
    const { stdout, stderr } = await runMain(["publish", file, ...depot.place, "--json"]);
    assert.equal(stderr.includes("portcullis:"), false, stderr);
    assert.deepEqual(readdirSync(join(depot.data, "files", JSON.parse(stdout).sha256)), [expected]);
  }
});

test("a truncated package is refused and leaves nothing behind", async () => {
  const depot = depotData();
  const base = temporaryFolder();
  const publish = async (file: string, ...more: string[]) => {
    const { code, stderr } = await runMain(["publish", file, ...depot.place, ...more]);
    return `${code} ${stderr}`;
  };
  const damaged = writeSampleApp(join(base, "damaged.ipa"));
  truncateSync(damaged, 200_000);
  writeFileSync(join(base, "empty.ipa"), "");
  writeFileSync(join(base, "text.ipa"), "no package");
  assert.match(await publish(damaged), /^3 .*damaged\.ipa: /);
  assert.match(await publish(join(base, "empty.ipa")), /^3 .*empty\.ipa: .*The file is empty: copy it again/);
  assert.match(await publish(join(base, "text.ipa")), /^3 .*neither an \.ipa/);
  assert.match(await publish(join(base, "missing.ipa")), /^3 .*no such file/);
  assert.match(await publish(base), /^3 .*folder/);
  assert.match(await publish(damaged, "--channel", "A"), /^3 .*lower-case/);
  assert.deepEqual([readdirSync(join(depot.data, "incoming")), readdirSync(join(depot.data, "files"))], [[], []]);
});

test("a copy or the folder of an upload that a killed process left behind is removed a day later", async () => {
  const depot = depotData();
  await depot.publish();
  const copy = join(depot.data, "incoming", "copy");
  const upload = join(depot.data, "incoming", "upload");
  writeFileSync(copy, "half");
  mkdirSync(upload);
  writeFileSync(join(upload, "App.ipa"), "half");
  await depot.publish();
  for (const path of [copy, upload]) {
    assert.ok(existsSync(path), "it could still be in progress");
    utimesSync(path, 0, 0);
  }
  await depot.publish();
  assert.deepEqual(readdirSync(join(depot.data, "incoming")), []);
});

test("publish reports what it published, and warns about what devices do not install", async () => {
  const file = writeSampleApp(join(temporaryFolder(), "App.ipa"), { version: "1.2" });
  const { data } = depotData();
  const { stdout, stderr } = await runMain(["publish", file, "--data", data]);
  assert.match(stdout, /^Notes 1\.2 is on channel release\n/);
  assert.match(stderr, /^warning: .*not signed/);
});
