import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { respond } from "@portcullis/origin";
import { type FileObject, folder } from "@portcullis/origin/node";
import { fileEtag } from "../../packages/origin/src/node/file-etag.ts";
import { openDescriptors } from "../support/open-descriptors.ts";
import { until } from "../support/slow-reader.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const base = temporaryFolder();
const www = join(base, "www");
fs.mkdirSync(www);
const origin = folder(www);
const longAgo = new Date("2026-01-02T03:04:05Z");

/** Writes a file whose modification time is months ago. */
function place(name: string, content: string | Buffer, time = longAgo, where = www): string {
  const path = join(where, name);
  fs.writeFileSync(path, content);
  fs.utimesSync(path, time, time);
  return path;
}

async function open(name: string, from = origin): Promise<FileObject> {
  const object = await from.open(name);
  assert.ok(object.found, name);
  return object as FileObject;
}

async function etagOf(name: string, from = origin): Promise<string> {
  const object = await open(name, from);
  object.close();
  assert.match(object.etag ?? "", /^"[\da-f]{32}"$/);
  return object.etag ?? "";
}

async function bytesOf(object: FileObject, first: number, last: number): Promise<Buffer> {
  return Buffer.from(await new Response(object.read({ first, last })).arrayBuffer());
}

test("the ETag is the same every time, and for a copy with the same modification time elsewhere", async () => {
  place("app.ipa", "the app");
  const etag = await etagOf("app.ipa");
  assert.equal(await etagOf("app.ipa"), etag);
  fs.mkdirSync(join(base, "replica"));
  place("app.ipa", "the app", longAgo, join(base, "replica"));
  assert.equal(await etagOf("app.ipa", folder(join(base, "replica"))), etag);
  fs.chmodSync(join(www, "app.ipa"), 0o640);
  assert.equal(await etagOf("app.ipa"), etag, "a change of permissions leaves the bytes alone");
});

test("the ETag cannot be computed from size and time: different bytes at either end change it", async () => {
  const size = 200_000;
  const tags = new Set<string>();
  for (const changed of [undefined, 0, 32 * 1024 - 1, size - 32 * 1024, size - 1]) {
    const content = Buffer.alloc(size);
    if (changed !== undefined) content[changed] = 1;
    place("guessed.pkg", content);
    tags.add(await etagOf("guessed.pkg"));
  }
  assert.equal(tags.size, 5);
  for (const size of [0, 1, 32 * 1024, 64 * 1024, 64 * 1024 + 1]) {
    place("sized.pkg", Buffer.alloc(size));
    tags.add(await etagOf("sized.pkg"));
  }
  assert.equal(tags.size, 10, "every size has its own");
});

test("a stream delivers exactly the range, across block boundaries and at both ends", async () => {
  const content = Buffer.from(Array.from({ length: 700_001 }, (_, index) => (index * 7) % 251));
  place("pattern.pkg", content);
  for (const [first, last] of [
    [0, 700_000],
    [0, 0],
    [700_000, 700_000],
    [262_143, 262_144],
    [5, 524_300],
  ] as const) {
    const bytes = await bytesOf(await open("pattern.pkg"), first, last);
    assert.ok(bytes.equals(content.subarray(first, last + 1)), `${first}-${last}`);
  }
  place("empty.pkg", "");
  assert.equal((await bytesOf(await open("empty.pkg"), 0, -1)).length, 0);
});

test("a stream of a file that changes meanwhile fails before its last bytes", async () => {
  const path = place("changing.pkg", Buffer.alloc(600_000, 1));
  const object = await open("changing.pkg");
  const reader = object.read({ first: 0, last: 599_999 }).getReader();
  await reader.read();
  fs.writeFileSync(path, Buffer.alloc(600_000, 2));
  await assert.rejects(async () => {
    while (!(await reader.read()).done);
  }, /changed while it was being sent/);
  place("changing.pkg", Buffer.alloc(600_000, 1));
  const shrinking = (await open("changing.pkg")).read({ first: 0, last: 599_999 }).getReader();
  fs.truncateSync(path, 10);
  await assert.rejects(shrinking.read(), /changed while it was being sent/);
});

test("streams that end, fail or are cancelled, even within a read, close the file", async () => {
  place("closing.pkg", Buffer.alloc(600_000));
  for (let round = 0; round < 20; round += 1) {
    const object = await open("closing.pkg");
    assert.ok(openDescriptors(www) > 0);
    await bytesOf(object, 0, 599_999);
    await (await open("closing.pkg")).read({ first: 0, last: 9 }).cancel();
    const reader = (await open("closing.pkg")).read({ first: 0, last: 599_999 }).getReader();
    const reading = reader.read();
    await reader.cancel();
    await reading;
  }
  await until(() => openDescriptors(www) === 0, "every file being closed");
});

test("a name that no request can have is not looked up", async () => {
  place(".hidden", "hidden");
  for (const name of ["", ".", "..", "../www/app.ipa", ".hidden", "/app.ipa", "a//b", "app.ipa/", "a\\b", "a\0b"]) {
    assert.deepEqual(await origin.open(name), { found: false, status: 404 }, name);
  }
});

test("for a file that was modified a moment ago, the response waits once", async () => {
  const modified = new Date();
  place("fresh.ipa", "fresh", modified);
  (await open("fresh.ipa")).close();
  assert.ok(Date.now() - modified.getTime() > 900, "it was not trusted");
  place("future.ipa", "future", new Date(Date.now() + 3_600_000));
  for (const name of ["fresh.ipa", "future.ipa"]) {
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5; round += 1) {
      const started = performance.now();
      (await open(name)).close();
      least = Math.min(least, performance.now() - started);
    }
    assert.ok(least < 500, "a settled file, and the time of a wrong clock, are not waited for");
  }
});

test("for a file that was changed within a tick of the clock, the response waits, even if its modification time is old", async () => {
  for (let round = 0; round < 3; round += 1) {
    place("changed.ipa", "changed");
    const { ctimeMs } = fs.statSync(join(www, "changed.ipa"));
    (await open("changed.ipa")).close();
    assert.ok(Date.now() - ctimeMs >= 19, "a later change has another time");
  }
});

test("the ETag is the same on every server: a digest of size, time, and the first and last 32 KiB", async () => {
  const content = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7) % 251));
  const { mtimeNs } = fs.statSync(place("digest.pkg", content), { bigint: true });
  const hash = createHash("sha256").update(`${content.length} ${mtimeNs} `);
  hash.update(content.subarray(0, 32 * 1024)).update(content.subarray(-32 * 1024));
  assert.equal(await etagOf("digest.pkg"), `"${hash.digest("hex").slice(0, 32)}"`);
});

for (const member of ["ctimeNs", "mtimeNs", "size", "ino", "dev"] as const) {
  test(`an ETag is calculated again if ${member} has changed`, async () => {
    const [one, other] = ["one", "two"].map((text) => fs.openSync(place(`${text}.pkg`, text), "r")) as [number, number];
    const stat = fs.fstatSync(one, { bigint: true });
    const etag = await fileEtag(one, stat);
    assert.equal(fileEtag(other, stat), etag, "the same version is not read again");
    assert.notEqual(await fileEtag(other, Object.assign(Object.create(stat), { [member]: stat[member] + 1n })), etag);
    for (const fd of [one, other]) fs.closeSync(fd);
  });
}

test("a range of one block of a file that was changed after it was opened fails", async () => {
  const path = place("short.pkg", "0123456789");
  const object = await open("short.pkg");
  fs.writeFileSync(path, "9876543210");
  await assert.rejects(bytesOf(object, 0, 4), /changed while it was being sent/);
});

test("a file that is changed between being opened and being read is sent in its new version", async () => {
  place("replaced.ipa", "old version");
  let opened = 0;
  const changing: typeof origin = {
    ...origin,
    async open(name) {
      const object = await open(name);
      opened += 1;
      if (opened === 1) place("replaced.ipa", "new version", new Date("2026-02-02T00:00:00Z"));
      return object;
    },
  };
  const response = await respond(changing, new Request("https://files.example/replaced.ipa"));
  assert.deepEqual([response.status, await response.text(), opened], [200, "new version", 2]);
});

test("a file that is still being written after three seconds gives 503", async (t) => {
  place("writing.ipa", "begun");
  const start = longAgo.getTime();
  const times = [start, start, start + 2500];
  t.mock.method(Date, "now", () => times.shift() ?? Number.POSITIVE_INFINITY);
  const problem = "the file is still being written; rename it into place";
  assert.deepEqual(await origin.open("writing.ipa"), { found: false, status: 503, problem });
  assert.equal(openDescriptors(www), 0);
});
