import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import type { FileStat } from "../../packages/origin/src/node/confinement.ts";
import { isWarm, noteOpened } from "../../packages/origin/src/node/warm-files.ts";

const ext4 = 0xef53;
const nfs = 0x6969;
const smb2 = 0xfe534d42;
const fuse = 0x65735546;

/** Records a file on a device that has not been seen before. */
function noteOn(fileSystem: number, path: string): void {
  const { statfsSync } = fs;
  fs.statfsSync = (() => ({ type: fileSystem })) as unknown as typeof statfsSync;
  noteOpened(path, { dev: BigInt(fileSystem) << 64n } as FileStat);
  fs.statfsSync = statfsSync;
}

test("a file on a disk of this computer is warm for one second after it was opened", (t) => {
  let now = 5000;
  t.mock.method(performance, "now", () => now);
  noteOn(ext4, "/apps/a.ipa");
  assert.equal(isWarm("/apps/a.ipa"), process.platform === "linux");
  assert.equal(isWarm("/apps/b.ipa"), false);
  now = 5999;
  assert.equal(isWarm("/apps/a.ipa"), process.platform === "linux");
  now = 6000;
  assert.equal(isWarm("/apps/a.ipa"), false);
});

test("a file on a network or in a file system that a program provides is never warm", () => {
  for (const fileSystem of [nfs, smb2, fuse, -0x1acb2be]) {
    noteOn(fileSystem, `/mnt/${fileSystem}.ipa`);
    assert.equal(isWarm(`/mnt/${fileSystem}.ipa`), false);
  }
});

test("a file is never warm where the system does not say what it is on", () => {
  const { statfsSync } = fs;
  fs.statfsSync = () => {
    throw new Error('Requires sys access to "statfs"');
  };
  noteOpened("/denied/a.ipa", { dev: 1n << 80n } as FileStat);
  fs.statfsSync = statfsSync;
  assert.equal(isWarm("/denied/a.ipa"), false);
});

test("not more than 10 000 files are remembered", () => {
  for (let index = 0; index < 10_001; index += 1) noteOn(ext4, `/apps/${index}.ipa`);
  assert.equal(isWarm("/apps/0.ipa"), false);
});

test("several files can be warm at the same time", () => {
  for (const name of ["one", "two"]) noteOn(ext4, `/both/${name}.ipa`);
  for (const name of ["one", "two"]) assert.equal(isWarm(`/both/${name}.ipa`), process.platform === "linux");
});
