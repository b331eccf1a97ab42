import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { type FileObject, folder } from "@portcullis/origin/node";
import { temporaryFolder } from "../support/temporary-folder.ts";

const base = temporaryFolder();
const www = join(base, "www");
fs.mkdirSync(www);
const origin = folder(www);
const longAgo = new Date("2026-01-02T03:04:05Z");

/** Writes a file that looks as if it had been there for months. */
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
  assert.match(object.etag ?? "", /^"[\w-]{22}"$/);
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

test("the ETag cannot be computed from size and time: other bytes at either end have another", async () => {
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

test("a stream delivers exactly the range, across blocks and at both ends", async () => {
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

test("a stream of a file that is changed meanwhile fails before its last bytes", async () => {
  const path = place("changing.pkg", Buffer.alloc(600_000, 1));
  const object = await open("changing.pkg");
  const reader = object.read({ first: 0, last: 599_999 }).getReader();
  await reader.read();
  fs.writeFileSync(path, Buffer.alloc(600_000, 2));
  await assert.rejects(async () => {
    while (!(await reader.read()).done);
  }, /changed while it was sent/);
  place("changing.pkg", Buffer.alloc(600_000, 1));
  const shrinking = (await open("changing.pkg")).read({ first: 0, last: 599_999 }).getReader();
  fs.truncateSync(path, 10);
  await assert.rejects(shrinking.read(), /changed while it was sent/);
});

test("streams that end, fail or are cancelled, even within a read, close the file", async () => {
  const openDescriptors = () => fs.readdirSync("/proc/self/fd").length;
  place("closing.pkg", Buffer.alloc(600_000));
  const before = openDescriptors();
  for (let round = 0; round < 20; round += 1) {
    await bytesOf(await open("closing.pkg"), 0, 599_999);
    await (await open("closing.pkg")).read({ first: 0, last: 9 }).cancel();
    const reader = (await open("closing.pkg")).read({ first: 0, last: 599_999 }).getReader();
    const reading = reader.read();
    await reader.cancel();
    await reading;
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(openDescriptors(), before);
});

test("a name that no request can have is not even looked for", async () => {
  place(".hidden", "hidden");
  for (const name of ["", ".", "..", "../www/app.ipa", ".hidden", "/app.ipa", "a//b", "app.ipa/", "a\\b", "a\0b"]) {
    assert.deepEqual(await origin.open(name), { found: false, status: 404 }, name);
  }
});

test("a file that was modified a moment ago is waited for, once", async () => {
  place("fresh.ipa", "fresh", new Date());
  const started = performance.now();
  (await open("fresh.ipa")).close();
  assert.ok(performance.now() - started > 500, "it was not trusted");
  const again = performance.now();
  (await open("fresh.ipa")).close();
  assert.ok(performance.now() - again < 500);
  place("future.ipa", "future", new Date(Date.now() + 3_600_000));
  const future = performance.now();
  (await open("future.ipa")).close();
  assert.ok(performance.now() - future < 500, "the time of a wrong clock is not waited for");
});

/** Starts a Python program that repeats something until the test file ends. */
async function inBackground(program: string, ...args: string[]): Promise<() => void> {
  const child = spawn("python3", ["-c", program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  child.stdout.resume();
  return () => child.kill("SIGKILL");
}

// renameat2 with RENAME_EXCHANGE, so that at every moment there is either the folder or the link.
const swapper = `
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
folder, link = (path.encode() for path in sys.argv[1:3])
def swap():
    if libc.renameat2(-100, folder, -100, link, 2) != 0: raise OSError(ctypes.get_errno(), "renameat2")
swap(); swap()
print("swapping", flush=True)
while True: swap()
`;

test("a folder that is swapped with a link out of the root all the time never gives a file from outside", async () => {
  for (const folderName of ["outside", "www/apps"]) fs.mkdirSync(join(base, folderName));
  place("app.ipa", "outside", longAgo, join(base, "outside"));
  place("app.ipa", "inside!", longAgo, join(www, "apps"));
  fs.symlinkSync(join(base, "outside"), join(www, "apps-link"));
  const stop = await inBackground(swapper, join(www, "apps"), join(www, "apps-link"));
  const counts = { inside: 0, outside: 0, refused: 0 };
  const end = Date.now() + 3000;
  while (Date.now() < end) {
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const object = await origin.open("apps/app.ipa");
        if (!object.found) {
          counts.refused += 1;
          return;
        }
        const content = (await bytesOf(object as FileObject, 0, 6)).toString();
        counts[content === "inside!" ? "inside" : "outside"] += 1;
      }),
    );
  }
  stop();
  assert.equal(counts.outside, 0, JSON.stringify(counts));
  assert.ok(counts.inside > 50 && counts.refused > 50, `the race was run: ${JSON.stringify(counts)}`);
});

// Every write replaces all bytes by the next letter, in one call and without a pause, then rests for a while.
const rewriter = `
import os, sys, time
fd = os.open(sys.argv[1], os.O_RDWR)
size = os.fstat(fd).st_size
pause = float(sys.argv[2])
letter = 0
while True:
    letter = (letter + 1) % 26
    os.pwrite(fd, bytes([65 + letter]) * size, 0)
    print("written", flush=True)
    time.sleep(pause)
`;

test("a file that is being written all the time is unavailable, and nobody waits longer than three seconds", async () => {
  const stop = await inBackground(rewriter, place("log.txt", "x"), "0.02");
  const started = performance.now();
  const result = await origin.open("log.txt");
  stop();
  assert.equal(result.found, false);
  assert.deepEqual(result, {
    found: false,
    status: 503,
    problem: "the file is still being written; rename it into place",
  });
  assert.ok(performance.now() - started < 4000);
});

test("a file that is rewritten in place all the time is never delivered mixed", async () => {
  const counts = { whole: 0, mixed: 0, failed: 0 };
  for (const pause of ["0.002", "1.2"]) {
    const path = place(`rewritten-${pause}.pkg`, Buffer.alloc(2 ** 20, "A"));
    const stop = await inBackground(rewriter, path, pause);
    const end = Date.now() + 5000;
    while (Date.now() < end) {
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          const object = await origin.open(`rewritten-${pause}.pkg`);
          if (!object.found) {
            counts.failed += 1;
            return;
          }
          const bytes = await bytesOf(object as FileObject, 0, 2 ** 20 - 1).catch(() => undefined);
          if (bytes === undefined) counts.failed += 1;
          else counts[bytes.every((byte) => byte === bytes[0]) ? "whole" : "mixed"] += 1;
        }),
      );
    }
    stop();
  }
  assert.equal(counts.mixed, 0, JSON.stringify(counts));
  assert.ok(counts.whole > 0 && counts.failed > 0, JSON.stringify(counts));
});
