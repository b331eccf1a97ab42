import assert from "node:assert/strict";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { recentRoot, resolvesInside } from "../../packages/origin/src/node/confinement.ts";
import { openFile } from "../../packages/origin/src/node/open-file.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const base = temporaryFolder();
const www = join(base, "www");
const folder = join(www, "apps");
for (const path of ["www/apps", "outside"]) fs.mkdirSync(join(base, path), { recursive: true });
for (const path of ["www/apps/app.ipa", "outside/app.ipa"]) fs.writeFileSync(join(base, path), path);

const absent = { found: false, status: 404 };
const outside = { found: false, status: 404, problem: "it is a symbolic link to a file outside the folder" };

/** Replaces functions of node:fs until the test ends. */
function replaceInFs(t: TestContext, replacements: Partial<Record<keyof typeof fs, unknown>>): void {
  for (const [name, replacement] of Object.entries(replacements)) {
    t.mock.method(fs, name as "open", replacement as typeof fs.open);
  }
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
}

/** Does something just before and just after a file is opened, and collects the descriptors. */
function aroundOpen(t: TestContext, before = () => {}, after = () => {}): readonly number[] {
  const opened: number[] = [];
  const { openSync } = fs;
  type Done = (error: Error | null, fd?: number) => void;
  const open = (path: string, flags: number, done: Done): void => {
    try {
      before();
      opened.push(openSync(path, flags));
      after();
    } catch (error) {
      return void setImmediate(done, error as Error);
    }
    setImmediate(done, null, opened.at(-1));
  };
  replaceInFs(t, {
    open,
    openSync(path: string, flags: number) {
      before();
      const fd = openSync(path, flags);
      opened.push(fd);
      after();
      return fd;
    },
  });
  return opened;
}

/** The next open goes through the thread pool. */
function cold(t: TestContext): void {
  const start = performance.now() + 10_000;
  t.mock.method(performance, "now", () => start);
}

/** The next open of the file does not. */
async function warm(): Promise<void> {
  const file = await openFile(www, "apps/app.ipa");
  assert.ok("fd" in file);
  file.close();
}

function swapIn(): void {
  fs.renameSync(folder, `${folder}.aside`);
  fs.symlinkSync(join(base, "outside"), folder);
}

function swapBack(): void {
  fs.rmSync(folder);
  fs.renameSync(`${folder}.aside`, folder);
}

function assertClosed(opened: readonly number[]): void {
  assert.equal(opened.length, 1);
  assert.throws(() => fs.fstatSync(opened[0] as number), { code: "EBADF" });
}

/** Behaves as on macOS and Windows, where the kernel does not report the path of a descriptor. */
function withoutProc(t: TestContext): void {
  const { readlinkSync } = fs;
  replaceInFs(t, {
    readlinkSync(path: string, options: "utf8") {
      if (path.startsWith("/proc/")) throw Object.assign(new Error("no /proc"), { code: "ENOENT" });
      return readlinkSync(path, options);
    },
  });
}

async function warmWithoutProc(t: TestContext): Promise<void> {
  await warm();
  withoutProc(t);
}

for (const [where, prepare] of [
  ["with /proc", cold],
  ["with /proc, opened a moment ago", warm],
  ["without /proc", withoutProc],
  ["without /proc, opened a moment ago", warmWithoutProc],
] as const) {
  test(`${where}: a file in the folder is opened, even through a link that stays inside`, async (t) => {
    await prepare(t);
    fs.rmSync(join(www, "inside.ipa"), { force: true });
    fs.symlinkSync("apps/app.ipa", join(www, "inside.ipa"));
    for (const name of ["apps/app.ipa", "inside.ipa"]) {
      const file = await openFile(www, name);
      assert.ok("fd" in file);
      assert.equal(file.isUnchanged(), true);
      file.close();
    }
  });

  test(`${where}: a link that leads out is refused, and so is a sibling folder with a similar name`, async (t) => {
    await prepare(t);
    fs.mkdirSync(join(base, "www2"), { recursive: true });
    fs.writeFileSync(join(base, "www2/x.ipa"), "x");
    for (const [name, target] of [
      ["leak.ipa", "../outside/app.ipa"],
      ["sibling.ipa", "../www2/x.ipa"],
      ["absolute.ipa", "/etc/passwd"],
    ] as const) {
      fs.rmSync(join(www, name), { force: true });
      fs.symlinkSync(target, join(www, name));
      assert.deepEqual(await openFile(www, name), outside, name);
    }
  });

  test(`${where}: a folder that becomes a link out of the root while a file is opened leads nowhere`, async (t) => {
    await prepare(t);
    const opened = aroundOpen(t, swapIn);
    t.after(swapBack);
    assert.deepEqual(await openFile(www, "apps/app.ipa"), outside);
    assertClosed(opened);
  });

  test(`${where}: a folder that is a link out of the root only while a file is opened leads nowhere either`, async (t) => {
    await prepare(t);
    const opened = aroundOpen(t, swapIn, swapBack);
    assert.deepEqual(await openFile(www, "apps/app.ipa"), outside);
    assertClosed(opened);
  });

  test(`${where}: a directory is closed again`, async (t) => {
    await prepare(t);
    const opened = aroundOpen(t);
    assert.deepEqual(await openFile(www, "apps"), absent);
    assertClosed(opened);
  });
}

test("the root can be a link, and is followed when it is switched to another release", async () => {
  for (const release of ["1", "2"]) {
    fs.mkdirSync(join(base, "releases", release), { recursive: true });
    fs.writeFileSync(join(base, "releases", release, "app.ipa"), release);
  }
  const current = join(base, "current");
  for (const release of ["1", "2"]) {
    fs.rmSync(current, { force: true });
    fs.symlinkSync(join("releases", release), current);
    const file = await openFile(current, "app.ipa");
    assert.ok("fd" in file);
    assert.equal(fs.readFileSync(file.fd, "utf8"), release);
    file.close();
  }
});

function failing(code: string): () => never {
  return () => {
    throw Object.assign(new Error("the system says no"), { code });
  };
}

for (const code of ["ENOENT", "ENOTDIR", "EISDIR", "ELOOP", "ENAMETOOLONG", "ENXIO", "ENODEV", "EINVAL"]) {
  test(`${code} means that there is no such file`, async (t) => {
    await warm();
    aroundOpen(t, failing(code));
    assert.deepEqual(await openFile(www, "apps/app.ipa"), absent);
  });
}

for (const code of ["EACCES", "EPERM"]) {
  test(`${code} is a problem that the administrator can fix`, async (t) => {
    cold(t);
    aroundOpen(t, failing(code));
    assert.deepEqual(await openFile(www, "apps/app.ipa"), {
      ...absent,
      problem: "the user that this process runs as cannot read it",
    });
  });
}

test("the root's real path is cached for 100 ms", () => {
  const current = join(base, "switched");
  fs.mkdirSync(join(base, "first"));
  fs.mkdirSync(join(base, "second"));
  fs.symlinkSync("first", current);
  const root = (now: number): string => recentRoot(current, now);
  assert.equal(root(1000), join(fs.realpathSync(base), "first/"));
  fs.rmSync(current);
  fs.symlinkSync("second", current);
  assert.equal(root(1099), join(fs.realpathSync(base), "first/"));
  assert.equal(root(1100), join(fs.realpathSync(base), "second/"));
});

test("a root that is missing is a failure, not a missing file", async () => {
  await assert.rejects(openFile(join(base, "nowhere"), "app.ipa"), { code: "ENOENT", syscall: "realpath" });
});

test("a system error is not mistaken for a missing file, and what was opened is closed", async (t) => {
  const opened = aroundOpen(t);
  const { mock } = t.mock.method(fs, "fstatSync", failing("EIO"));
  await assert.rejects(openFile(www, "apps/app.ipa"), { code: "EIO" });
  mock.restore();
  assertClosed(opened);
});

/** Opens the file, does something, and returns whether the bytes that were read before would still be sent. */
async function isUnchangedAfter(change: (path: string) => void): Promise<boolean> {
  const path = join(www, "changing.pkg");
  fs.writeFileSync(path, "version 1");
  const old = new Date(Date.now() - 60_000);
  fs.utimesSync(path, old, old);
  const file = await openFile(www, "changing.pkg");
  assert.ok("fd" in file);
  try {
    change(path);
    return file.isUnchanged();
  } finally {
    file.close();
  }
}

test("an in-place write is detected, even with the same size and a restored modification time", async () => {
  assert.equal(await isUnchangedAfter((path) => fs.appendFileSync(path, "x")), false);
  assert.equal(await isUnchangedAfter((path) => fs.writeFileSync(path, "version 2")), false);
  const forged = await isUnchangedAfter((path) => {
    const { atime, mtime } = fs.statSync(path);
    fs.writeFileSync(path, "version 2");
    fs.utimesSync(path, atime, mtime);
  });
  assert.equal(forged, false);
});

test("replacing, renaming or deleting a file leaves the open version unchanged", async () => {
  const replaced = await isUnchangedAfter((path) => {
    fs.writeFileSync(`${path}.new`, "version 2");
    fs.renameSync(`${path}.new`, path);
  });
  assert.equal(replaced, true);
  assert.equal(await isUnchangedAfter((path) => fs.renameSync(path, `${path}.old`)), true);
  assert.equal(await isUnchangedAfter((path) => fs.rmSync(path)), true);
});

test("without /proc, a file is found in the root of a disk as well", () => {
  const path = fs.realpathSync(join(www, "apps/app.ipa"));
  assert.equal(resolvesInside(path, "/", fs.statSync(path, { bigint: true })), true);
});

test("a write is detected even if the file is renamed afterwards", async () => {
  const sameSize = await isUnchangedAfter((path) => {
    fs.writeFileSync(path, "version 2");
    fs.renameSync(path, `${path}.old`);
  });
  assert.equal(sameSize, false);
  const sameTime = await isUnchangedAfter((path) => {
    const { atime, mtime } = fs.statSync(path);
    fs.appendFileSync(path, "x");
    fs.utimesSync(path, atime, mtime);
    fs.renameSync(path, `${path}.old`);
  });
  assert.equal(sameTime, false);
});
