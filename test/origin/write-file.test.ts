import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folder } from "@portcullis/origin/node";
import { openDescriptors } from "../support/open-descriptors.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { bytesToWrite } from "./bytes-to-write.ts";

const MiB = 1024 ** 2;

test("a file is written with its folders, whole, and nothing is left beside it", async () => {
  const base = temporaryFolder();
  for (const size of [0, 1, MiB, MiB + 1, 3 * MiB - 1]) {
    const { bytes, object, largestRead } = bytesToWrite(size);
    await folder(base).write(`a/b/${size}.ipa`, object);
    assert.ok(readFileSync(join(base, "a/b", `${size}.ipa`)).equals(bytes), `${size} bytes`);
    assert.ok(largestRead() <= MiB);
  }
  assert.equal(readdirSync(join(base, "a/b")).length, 5);
});

test("a file is replaced by renaming a new one over it, so that downloads of the old one complete with its bytes", async () => {
  const base = temporaryFolder();
  await folder(base).write("a.ipa", bytesToWrite(5).object);
  const { ino } = statSync(join(base, "a.ipa"));
  const { bytes, object } = bytesToWrite(7);
  await folder(base).write("a.ipa", object);
  assert.notEqual(statSync(join(base, "a.ipa")).ino, ino);
  assert.ok(readFileSync(join(base, "a.ipa")).equals(bytes));
});

test("if the bytes cannot be read, the old file stays, and nothing is left beside it", async () => {
  const base = temporaryFolder();
  const { bytes, object } = bytesToWrite(5);
  await folder(base).write("a.ipa", object);
  const failing = { size: 2 * MiB, read: () => Promise.reject(new Error("gone")) };
  await assert.rejects(folder(base).write("a.ipa", failing), /gone/);
  assert.ok(readFileSync(join(base, "a.ipa")).equals(bytes));
  assert.deepEqual(readdirSync(base), ["a.ipa"]);
});

test("nothing is written outside of the folder", async () => {
  const base = temporaryFolder();
  const elsewhere = temporaryFolder();
  symlinkSync(elsewhere, join(base, "link"));
  mkdirSync(join(base, "inside"));
  symlinkSync(join(base, "inside"), join(base, "kept"));
  const { object } = bytesToWrite(5);
  await assert.rejects(folder(base).write("link/a.ipa", object), { message: /symbolic link that leads outside/ });
  for (const name of ["../a.ipa", "/a.ipa", ".a.ipa", "a/../../b.ipa", ""]) {
    await assert.rejects(folder(base).write(name, object), TypeError, name);
  }
  await assert.rejects(folder(base).write("link/new/a.ipa", object), { message: /symbolic link that leads outside/ });
  await assert.rejects(folder(base).write("inside/../link/a.ipa", object), TypeError);
  assert.deepEqual(readdirSync(elsewhere), [], "no folder either");
  await folder(base).write("kept/a.ipa", object);
  assert.deepEqual(readdirSync(join(base, "inside")), ["a.ipa"]);
  await folder(base).write("kept/new/a.ipa", object);
  assert.deepEqual(readdirSync(join(base, "inside/new")), ["a.ipa"]);
});

test("a folder that is swapped with a link out of the root while a file is written gets the file all the same", async () => {
  const base = temporaryFolder();
  const elsewhere = temporaryFolder();
  const { bytes, object } = bytesToWrite(2 * MiB);
  let reads = 0;
  const swapping = {
    size: object.size,
    read(range: Parameters<typeof object.read>[0]) {
      reads += 1;
      if (reads === 2) {
        renameSync(join(base, "apps"), join(base, "moved"));
        symlinkSync(elsewhere, join(base, "apps"));
      }
      return object.read(range);
    },
  };
  await folder(base).write("apps/a.ipa", swapping);
  assert.deepEqual(readdirSync(elsewhere), []);
  assert.ok(readFileSync(join(base, "moved/a.ipa")).equals(bytes));
});

test("a folder in the way that is a file or a named pipe is reported, without waiting", async () => {
  const base = temporaryFolder();
  writeFileSync(join(base, "file"), "");
  execFileSync("mkfifo", [join(base, "pipe")]);
  for (const name of ["file/a.ipa", "pipe/a.ipa"])
    await assert.rejects(folder(base).write(name, bytesToWrite(5).object), (error: NodeJS.ErrnoException) => {
      assert.deepEqual([error.code, error.path], ["ENOTDIR", join(base, name)]);
      return !error.message.includes("/proc/");
    });
});

test("fewer or more bytes than were asked for are not stored", async () => {
  const base = temporaryFolder();
  const { object } = bytesToWrite(5);
  await folder(base).write("a.ipa", object);
  for (const length of [0, 4, 6]) {
    const wrong = { size: 5, read: async () => new Uint8Array(length) };
    await assert.rejects(folder(base).write("a.ipa", wrong), {
      name: "OriginError",
      message: /^5 bytes were to be stored, but \d+ were read$/,
    });
  }
  assert.deepEqual(readdirSync(base), ["a.ipa"]);
});

test("a missing folder is not created", async () => {
  const missing = join(temporaryFolder(), "none");
  await assert.rejects(folder(missing).write("a.ipa", bytesToWrite(5).object), { code: "ENOENT", path: missing });
});

test("each byte is read once, an empty file not at all, and every folder is closed", async () => {
  const base = temporaryFolder();
  for (const [size, expected] of [
    [0, []],
    [1, [[0, 0]]],
    [MiB, [[0, MiB - 1]]],
    [
      MiB + 1,
      [
        [0, MiB - 1],
        [MiB, MiB],
      ],
    ],
  ] as const) {
    const ranges: [number, number][] = [];
    const read = async ({ first, last }: { readonly first: number; readonly last: number }) => {
      ranges.push([first, last]);
      return new Uint8Array(last - first + 1);
    };
    await folder(base).write("a/b/c.ipa", { size, read });
    assert.deepEqual(ranges, expected);
  }
  assert.equal(openDescriptors(base), 0);
});
