import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import promises, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openFile } from "../../packages/cli/src/static-files/open-file.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const base = temporaryFolder();
const www = join(base, "www");
const folder = join(www, "apps");
for (const path of ["www/apps", "outside"]) mkdirSync(join(base, path), { recursive: true });
for (const path of ["www/apps/app.ipa", "outside/app.ipa"]) writeFileSync(join(base, path), path);

/** Does something just before and just after a file is opened, and collects what was opened. */
function aroundOpen(t: TestContext, before = () => {}, after = () => {}): readonly FileHandle[] {
  const opened: FileHandle[] = [];
  const { open } = promises;
  t.mock.method(promises, "open", async (...where: Parameters<typeof open>) => {
    before();
    const handle = await open(...where);
    after();
    opened.push(handle);
    return handle;
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  return opened;
}

function swapIn(): void {
  renameSync(folder, `${folder}.aside`);
  symlinkSync(join(base, "outside"), folder);
}

function swapBack(): void {
  rmSync(folder);
  renameSync(`${folder}.aside`, folder);
}

function assertClosed(opened: readonly FileHandle[]): void {
  assert.equal(opened.length, 1);
  assert.equal(opened[0]?.fd, -1);
}

test("a folder that becomes a link out of the root while a file is opened leads nowhere", async (t) => {
  const opened = aroundOpen(t, swapIn);
  t.after(swapBack);
  assert.deepEqual(await openFile(www, ["apps", "app.ipa"]), {});
  assertClosed(opened);
});

test("nor does one that is put back before anybody looks again", async (t) => {
  const opened = aroundOpen(t, swapIn, swapBack);
  assert.deepEqual(await openFile(www, ["apps", "app.ipa"]), {});
  assertClosed(opened);
});

test("what is no file is closed again", async (t) => {
  const opened = aroundOpen(t);
  assert.deepEqual(await openFile(www, ["apps"]), {});
  assertClosed(opened);
});

function failing(code: string): () => never {
  return () => {
    throw Object.assign(new Error("the system says no"), { code });
  };
}

for (const code of ["ENOENT", "ENOTDIR", "EISDIR", "ELOOP", "ENAMETOOLONG", "ENXIO", "ENODEV", "EINVAL"]) {
  test(`${code} means that there is no such file`, async (t) => {
    aroundOpen(t, failing(code));
    assert.deepEqual(await openFile(www, ["apps", "app.ipa"]), {});
  });
}

for (const code of ["EACCES", "EPERM"]) {
  test(`${code} is a problem that the administrator can mend`, async (t) => {
    aroundOpen(t, failing(code));
    assert.deepEqual(await openFile(www, ["apps", "app.ipa"]), {
      problem: "the user that this runs as may not read it",
    });
  });
}

test("a system that fails is not taken for a file that is not there, and what was opened is closed", async (t) => {
  const opened = aroundOpen(t);
  t.mock.method(promises, "lstat", failing("EIO"));
  syncBuiltinESMExports();
  await assert.rejects(openFile(www, ["apps", "app.ipa"]), { code: "EIO" });
  assertClosed(opened);
});
