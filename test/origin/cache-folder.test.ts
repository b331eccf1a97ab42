import assert from "node:assert/strict";
import { chmodSync, chownSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { diskCache } from "@portcullis/origin/node";
import { memoryOrigin } from "../support/memory-origin.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const open = (folder: string) => diskCache(memoryOrigin({}), { folder, maxBytes: 1000 });

test("a cache folder is created for this user only, or is one that no other user can write to", () => {
  const made = join(temporaryFolder(), "var/cache");
  open(made);
  assert.equal(statSync(made).mode & 0o777, 0o700);
  for (const mode of [0o700, 0o750, 0o755, 0o711]) {
    chmodSync(made, mode);
    open(made);
    assert.equal(statSync(made).mode & 0o777, mode, "it is left as it is");
  }
});

test("a folder that other users can write to is refused, since they could add files with checksums", () => {
  const folder = temporaryFolder();
  for (const mode of [0o720, 0o702, 0o770, 0o777, 0o1777]) {
    chmodSync(folder, mode);
    assert.throws(() => open(folder), /can be written to by other users; run: chmod go-w \//, mode.toString(8));
  }
});

test("a folder of another user is refused", (t) => {
  const folder = temporaryFolder();
  if (process.getuid?.() === 0) chownSync(folder, 65_534, 65_534); // root's folders are trusted
  t.mock.method(process as { getuid: () => number }, "getuid", () => 4321);
  assert.throws(() => open(folder), /belongs to another user, who could replace the files in it/);
});

test("a folder that cannot be created is an error immediately, not on the first request", () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  assert.throws(() => open(file), /EEXIST/);
  assert.throws(() => open(join(file, "cache")), /ENOTDIR/);
});

test("a folder of this user is accepted, even if the user is not root", (t) => {
  const folder = temporaryFolder();
  if (process.getuid?.() === 0) {
    chownSync(folder, 65_534, 65_534);
    t.mock.method(process as { getuid: () => number }, "getuid", () => 65_534);
  }
  assert.doesNotThrow(() => open(folder));
});

test("on a system without owners and modes, the folder is not checked", (t) => {
  const folder = temporaryFolder();
  chmodSync(folder, 0o777);
  const { getuid } = process;
  Object.assign(process, { getuid: undefined });
  t.after(() => Object.assign(process, { getuid }));
  assert.doesNotThrow(() => open(folder));
});
