import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { type FileObject, folder } from "@portcullis/origin/node";
import { depotData } from "../depot/running-depot.ts";
import { freshToken } from "../support/link.ts";
import { type RawResponse, rawRequest } from "../support/raw-request.ts";
import { servedFolder } from "../support/served-folder.ts";
import { until } from "../support/slow-reader.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const base = temporaryFolder();
const www = join(base, "www");
fs.mkdirSync(www);
const origin = folder(www);

/** Writes a file whose modification time is months ago. */
function place(name: string, content: string | Buffer, where = www): string {
  const path = join(where, name);
  const longAgo = new Date("2026-01-02T03:04:05Z");
  fs.writeFileSync(path, content);
  fs.utimesSync(path, longAgo, longAgo);
  return path;
}

async function bytesOf(object: FileObject, first: number, last: number): Promise<Buffer> {
  return Buffer.from(await new Response(object.read({ first, last })).arrayBuffer());
}

/** Starts a Python program that repeats something until the test file ends. */
async function inBackground(program: string, ...args: string[]): Promise<() => void> {
  const child = spawn("python3", ["-c", program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  child.stdout.resume();
  return () => child.kill("SIGKILL");
}

/** Returns whether a race has lasted this many seconds and has had both outcomes, or has lasted a minute. */
function lasting(seconds: number, hasBoth: () => boolean): () => boolean {
  const started = performance.now();
  return () => {
    const elapsed = (performance.now() - started) / 1000;
    return elapsed > 60 || (elapsed > seconds && hasBoth());
  };
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

test("a folder that is constantly swapped with a link out of the root never serves a file from outside", async () => {
  for (const folderName of ["outside", "www/apps"]) fs.mkdirSync(join(base, folderName));
  place("app.ipa", "outside", join(base, "outside"));
  place("app.ipa", "inside!", join(www, "apps"));
  fs.symlinkSync(join(base, "outside"), join(www, "apps-link"));
  const stop = await inBackground(swapper, join(www, "apps"), join(www, "apps-link"));
  const counts = { inside: 0, outside: 0, refused: 0 };
  const isEnough = lasting(3, () => counts.inside > 50 && counts.refused > 50);
  while (!isEnough()) {
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

// Every write replaces all bytes with the next letter, in one call and without a pause; then there is a pause.
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

test("a file that is constantly written is unavailable after three seconds", async () => {
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
  assert.ok(performance.now() - started < 30_000, "three seconds, and what a busy machine adds");
});

test("a file that is constantly rewritten in place is never delivered as a mixture", async () => {
  const counts = { whole: 0, mixed: 0, failed: 0 };
  for (const pause of ["0.002", "1.2"]) {
    const path = place(`rewritten-${pause}.pkg`, Buffer.alloc(2 ** 20, "A"));
    const stop = await inBackground(rewriter, path, pause);
    const isEnough = lasting(5, () => counts.whole + counts.failed > 0);
    while (!isEnough()) {
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

/** Publishes an app in a depot whose origin is a folder; returns the file, and how to download it. */
async function hostedApp(size: number) {
  const depot = depotData();
  const hosting = temporaryFolder();
  const content = await depot.publish({ size }, "--origin", hosting);
  const [sha256 = ""] = fs.readdirSync(hosting);
  const running = await depot.start("--origin", hosting);
  const target = await running.packageTarget((await depot.link()).path);
  return { content, appFolder: join(hosting, sha256), name: "App-1.ipa", download: () => running.request(target) };
}

const isComplete = ({ status, headers, body }: RawResponse): boolean =>
  status === 200 && Number(headers["content-length"]) === body.length;

test("a depot never serves a file from outside its origin, even while a folder in it is constantly swapped with a link", async () => {
  const { content, appFolder, name, download } = await hostedApp(1000);
  const outside = temporaryFolder();
  fs.writeFileSync(join(outside, name), Buffer.alloc(content.length, "o"));
  const { atime, mtime } = fs.statSync(join(appFolder, name));
  fs.utimesSync(join(outside, name), atime, mtime);
  fs.symlinkSync(outside, `${appFolder}-link`);
  const stop = await inBackground(swapper, appFolder, `${appFolder}-link`);
  const counts = { inside: 0, outside: 0, refused: 0 };
  const isEnough = lasting(1, () => counts.inside > 5 && counts.refused > 5);
  while (!isEnough()) {
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const response = await download();
        if (response.status !== 200) counts.refused += 1;
        else counts[response.body.equals(content) ? "inside" : "outside"] += 1;
      }),
    );
  }
  stop();
  assert.equal(counts.outside, 0, JSON.stringify(counts));
  assert.ok(counts.inside > 5 && counts.refused > 5, `the race was run: ${JSON.stringify(counts)}`);
});

/** Downloads a file that is rewritten in place, first constantly and then with pauses. */
async function raceWithWriter(path: string, download: () => Promise<RawResponse>): Promise<void> {
  const counts = { whole: 0, mixed: 0, failed: 0 };
  for (const [pause, outcome] of [
    ["0.002", "failed"],
    ["1.2", "whole"],
  ] as const) {
    const stop = await inBackground(rewriter, path, pause);
    const isEnough = lasting(1, () => counts[outcome] > 0);
    while (!isEnough()) {
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          const response = await download();
          const { body } = response;
          if (!isComplete(response)) counts.failed += 1;
          else counts[body.equals(Buffer.alloc(body.length, body[0])) ? "whole" : "mixed"] += 1;
        }),
      );
    }
    stop();
  }
  assert.equal(counts.mixed, 0, JSON.stringify(counts));
  assert.ok(counts.whole > 0 && counts.failed > 0, JSON.stringify(counts));
}

test("serve never delivers a mixture of the versions of a file that is constantly rewritten in place", async () => {
  const { www, key, start } = servedFolder({ "app.pkg": Buffer.alloc(2 ** 20, "A") });
  const port = await start().port();
  await raceWithWriter(join(www, "app.pkg"), () => rawRequest(port, `/app.pkg?token=${freshToken(key)}`));
});

test("a file in a depot's origin that is rewritten while it is sent is never delivered changed", async () => {
  const { content, appFolder, name, download } = await hostedApp(2 ** 20);
  const counts = { published: 0, changed: 0, failed: 0 };
  let isEnough = () => false;
  const clients = Array.from({ length: 8 }, async () => {
    while (!isEnough()) {
      const response = await download();
      if (!isComplete(response)) counts.failed += 1;
      else counts[response.body.equals(content) ? "published" : "changed"] += 1;
    }
  });
  await until(() => counts.published > 0, "a whole download");
  const stop = await inBackground(rewriter, join(appFolder, name), "0.002");
  isEnough = lasting(1, () => counts.failed > 0);
  await Promise.all(clients);
  stop();
  assert.equal(counts.changed, 0, JSON.stringify(counts));
  assert.ok(counts.failed > 0, JSON.stringify(counts));
});
