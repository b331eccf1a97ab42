import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Origin, type OriginObject, respond } from "@portcullis/origin";
import { type CacheEvent, type DiskCacheOptions, diskCache, folder } from "@portcullis/origin/node";
import { entryFile, readEntry, writeEntry } from "../../packages/origin/src/node/cache-entry.ts";
import { readCached } from "../../packages/origin/src/node/cache-stream.ts";
import { memoryOrigin } from "../support/memory-origin.ts";
import { openDescriptors } from "../support/open-descriptors.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const MiB = 1024 * 1024;
const modified = new Date("2026-01-01T00:00:00Z");
type Objects = Parameters<typeof memoryOrigin>[0];

/** An origin that counts its requests, and whose bytes can be delayed, truncated or refused. */
function observed(objects: Objects) {
  const origin = memoryOrigin(objects);
  const state = { reads: 0, isDown: false, failAfter: Number.POSITIVE_INFINITY, gate: Promise.resolve() };
  const open: Origin["open"] = async (name) => {
    if (state.isDown) return { found: false, status: 503, problem: "the bucket cannot be reached: ECONNREFUSED" };
    const object = await origin.open(name);
    if (!object.found) return object;
    const read: OriginObject["read"] = (range) => {
      state.reads += 1;
      let sent = 0;
      const limit = async (chunk: Uint8Array<ArrayBuffer>, controller: TransformStreamDefaultController) => {
        await state.gate;
        for (let at = 0; at < chunk.length; at += 65_536) {
          const piece = chunk.subarray(at, at + 65_536);
          // Waits a moment, because an error discards bytes that have not been read yet.
          if (sent + piece.length > state.failAfter) await new Promise((resolve) => setTimeout(resolve, 50));
          if (sent + piece.length > state.failAfter) throw new Error("the origin broke off");
          sent += piece.length;
          controller.enqueue(piece);
        }
      };
      return object.read(range).pipeThrough(new TransformStream({ transform: limit }));
    };
    return { ...object, read };
  };
  return Object.assign(state, { open });
}

function setUp(objects: Objects, options: Partial<DiskCacheOptions> = {}) {
  const origin = observed(objects);
  const events: CacheEvent[] = [];
  const folder = options.folder ?? join(temporaryFolder(), "cache");
  const cache = diskCache(origin, { folder, maxBytes: 64 * MiB, onEvent: (event) => events.push(event), ...options });
  const kinds = (): string[] => events.map(({ kind }) => kind);
  return { origin, cache, events, kinds, folder };
}

const get = (origin: Origin, name: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> =>
  respond(origin, new Request(`https://files.example/${name}`, { headers, method }), { onProblem: () => {} });
const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());
const version = (bytes: Uint8Array<ArrayBuffer>, etag = '"1"') => ({ bytes, etag, modified });
const stored = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith(".data"));

test("the second download of a file comes from the disk, byte for byte, whole and in part", async () => {
  const bytes = randomBytes(3 * MiB + 5);
  const { origin, cache, kinds } = setUp({ "a.ipa": version(bytes) });
  assert.ok((await bytesOf(await get(cache, "a.ipa"))).equals(bytes));
  await cache.idle();
  assert.ok((await bytesOf(await get(cache, "a.ipa"))).equals(bytes));
  for (const [first, last] of [
    [0, 0],
    [MiB - 1, MiB],
    [2 * MiB + 7, 3 * MiB + 4],
  ] as const) {
    const part = await bytesOf(await get(cache, "a.ipa", { Range: `bytes=${first}-${last}` }));
    assert.ok(part.equals(bytes.subarray(first, last + 1)), `${first}-${last}`);
  }
  assert.equal(origin.reads, 1);
  assert.deepEqual(kinds(), ["miss", "hit", "hit", "hit", "hit"]);
});

test("HEAD and a conditional request that matches download nothing", async () => {
  const { origin, cache } = setUp({ "a.ipa": version(randomBytes(1000)) });
  assert.equal((await get(cache, "a.ipa", {}, "HEAD")).status, 200);
  assert.equal((await get(cache, "a.ipa", { "If-None-Match": '"1"' })).status, 304);
  await cache.idle();
  assert.equal(origin.reads, 0);
});

test("100 clients that download a new file at the same time cause one request to the origin", async () => {
  const bytes = randomBytes(2 * MiB);
  const { origin, cache } = setUp({ "a.ipa": version(bytes) });
  const all = await Promise.all(Array.from({ length: 100 }, async () => bytesOf(await get(cache, "a.ipa"))));
  assert.ok(all.every((received) => received.equals(bytes)));
  assert.equal(origin.reads, 1);
});

test("a request is served at every moment between the end of a download and its storage", async () => {
  const bytes = randomBytes(1000);
  const { cache } = setUp({ "a.ipa": version(bytes) });
  await bytesOf(await get(cache, "a.ipa"));
  for (let turn = 0; turn < 50; turn += 1) {
    const part = await bytesOf(await get(cache, "a.ipa", { Range: "bytes=2-4" }));
    assert.ok(part.equals(bytes.subarray(2, 5)), `request ${turn}`);
  }
});

test("a client that disconnects does not stop the download for others", async () => {
  const bytes = randomBytes(2 * MiB);
  const { origin, cache, folder } = setUp({ "a.ipa": version(bytes) });
  const first = await get(cache, "a.ipa");
  const second = get(cache, "a.ipa").then(bytesOf);
  await first.body?.cancel();
  assert.ok((await second).equals(bytes));
  await cache.idle();
  assert.equal(origin.reads, 1);
  assert.equal(stored(folder).length, 1);
});

test("a range far behind what has arrived is read from the origin instead of waiting", async () => {
  const bytes = Buffer.alloc(40 * MiB);
  bytes.write("the end", bytes.length - 7);
  const { origin, cache } = setUp({ "a.ipa": version(bytes) });
  let release = (): void => {};
  origin.gate = new Promise((resolve) => {
    release = resolve;
  });
  const whole = get(cache, "a.ipa").then(bytesOf);
  await new Promise(setImmediate);
  const held = origin.gate;
  origin.gate = Promise.resolve();
  const end = await get(cache, "a.ipa", { Range: "bytes=-7" });
  assert.equal(await end.text(), "the end");
  origin.gate = held;
  release();
  assert.ok((await whole).equals(bytes));
  assert.equal(origin.reads, 2);
});

test("an interrupted download stores nothing, and no client gets a body that looks complete", async () => {
  const bytes = randomBytes(2 * MiB);
  const { origin, cache, folder, events } = setUp({ "a.ipa": version(bytes) });
  origin.failAfter = MiB / 2;
  await assert.rejects(get(cache, "a.ipa").then(bytesOf));
  await cache.idle();
  assert.deepEqual(readdirSync(folder), []);
  const problem = { kind: "problem", problem: "the cache could not store a.ipa: the origin broke off" };
  assert.deepEqual(events.at(-1), problem);
  origin.failAfter = Number.POSITIVE_INFINITY;
  assert.ok((await bytesOf(await get(cache, "a.ipa"))).equals(bytes));
});

for (const [title, difference] of [
  ["shorter", -1],
  ["longer", 1],
] as const) {
  test(`a body that is ${title} than announced, without an error, is not stored, and no client waits for the rest`, async () => {
    const size = 2 * MiB;
    const read: OriginObject["read"] = ({ first, last }) =>
      new Blob([Buffer.alloc(last + 1 - first + difference)]).stream() as ReadableStream<Uint8Array<ArrayBuffer>>;
    const object = { found: true, name: "a.ipa", size, etag: '"1"', modified, read, close() {} } as const;
    const folder = temporaryFolder();
    const problems: string[] = [];
    const cache = diskCache(
      { open: async () => object },
      { folder, maxBytes: 64 * MiB, onEvent: (event) => event.kind === "problem" && problems.push(event.problem) },
    );
    const all = Array.from({ length: 5 }, async () => {
      const response = await get(cache, "a.ipa");
      const { length } = await bytesOf(response);
      return response.ok ? length : "refused";
    });
    for (const one of await Promise.allSettled(all)) {
      // Bytes beyond the announced length can arrive after the last byte that a client waits for.
      const outcome = one.status === "fulfilled" ? one.value : "broken off";
      assert.ok(["refused", "broken off", ...(difference > 0 ? [size] : [])].includes(outcome), String(outcome));
    }
    await cache.idle();
    assert.deepEqual(stored(folder), []);
    assert.match(problems[0] ?? "", /^the cache could not store a.ipa: the origin sent (fewer|more) bytes/);
  });
}

test("a cache in front of a folder is not bypassed, and closes every file once", async () => {
  const www = temporaryFolder();
  const bytes = randomBytes(2 * MiB);
  writeFileSync(join(www, "a.ipa"), bytes);
  utimesSync(join(www, "a.ipa"), modified, modified);
  const cacheFolder = temporaryFolder();
  const events: string[] = [];
  const cache = diskCache(folder(www), {
    folder: cacheFolder,
    maxBytes: 64 * MiB,
    onEvent: ({ kind }) => events.push(kind),
  });
  for (let round = 0; round < 3; round += 1) {
    const object = await cache.open("a.ipa");
    assert.ok(object.found);
    assert.equal("file" in object, round === 2, "a cached file can be sent as one once all of it has been checked");
    assert.ok(openDescriptors(www) + openDescriptors(cacheFolder) > 0);
    assert.ok((await bytesOf(new Response(object.read({ first: 0, last: bytes.length - 1 })))).equals(bytes));
    await cache.idle();
  }
  assert.deepEqual(events, ["miss", "hit", "hit"]);
  assert.deepEqual([openDescriptors(www), openDescriptors(cacheFolder)], [0, 0]);
});

test("an entry that disappears while its stale file is opened leaves no descriptor open", async () => {
  const { origin, cache, folder } = setUp({ "a.ipa": version(randomBytes(1000)) });
  await bytesOf(await get(cache, "a.ipa"));
  await cache.idle();
  origin.isDown = true;
  const [entry] = readdirSync(folder).filter((name) => name.endsWith(".json"));
  const opening = cache.open("a.ipa");
  await new Promise(setImmediate);
  rmSync(join(folder, entry as string));
  const result = await opening.catch(() => undefined);
  if (result?.found) result.close();
  assert.equal(openDescriptors(folder), 0);
});

test("an origin that was down is asked again after 10 s, even if the clock was set back", async () => {
  let time = Date.now();
  const { origin, cache } = setUp({ "a.ipa": version(randomBytes(1000)) }, { now: () => time });
  origin.isDown = true;
  assert.equal((await get(cache, "a.ipa")).status, 503);
  origin.isDown = false;
  assert.equal((await get(cache, "a.ipa")).status, 503);
  time -= 3_600_000;
  assert.equal((await get(cache, "a.ipa")).status, 200);
});

test("clients are served from the origin if nothing can be stored", async () => {
  const bytes = randomBytes(2 * MiB);
  const { cache, folder, events } = setUp({ "a.ipa": version(bytes) });
  await get(cache, "a.ipa", {}, "HEAD");
  const open = await cache.open("a.ipa");
  rmSync(folder, { recursive: true });
  assert.ok(open.found);
  assert.ok((await bytesOf(new Response(open.read({ first: 0, last: bytes.length - 1 })))).equals(bytes));
  assert.match(String((events.at(-1) as { problem?: string }).problem), /^the cache could not store a.ipa: ENOENT/);
});

test("a file replaced at the origin is served in its new version immediately, and the old one is removed", async () => {
  const objects = { "a.ipa": version(Buffer.alloc(MiB, "a")) };
  const { cache, folder } = setUp(objects);
  await bytesOf(await get(cache, "a.ipa"));
  await cache.idle();
  objects["a.ipa"] = version(Buffer.alloc(MiB, "b"), '"2"');
  assert.ok((await bytesOf(await get(cache, "a.ipa"))).equals(Buffer.alloc(MiB, "b")));
  await cache.idle();
  assert.equal(stored(folder).length, 1);
});

test("a file deleted at the origin is no longer served", async () => {
  const objects: Record<string, ReturnType<typeof version>> = { "a.ipa": version(randomBytes(1000)) };
  const { cache } = setUp(objects);
  await bytesOf(await get(cache, "a.ipa"));
  await cache.idle();
  delete objects["a.ipa"];
  assert.equal((await get(cache, "a.ipa")).status, 404);
});

test("while the origin is down, stored files are served with their age, and the log says so", async () => {
  const bytes = randomBytes(MiB + 1);
  let time = Date.now();
  const { origin, cache, kinds } = setUp({ "a.ipa": version(bytes), "b.ipa": version(bytes) }, { now: () => time });
  await bytesOf(await get(cache, "a.ipa"));
  await cache.idle();
  origin.isDown = true;
  time += 90_000;
  const response = await get(cache, "a.ipa");
  assert.equal(response.status, 200);
  assert.ok(Math.abs(Number(response.headers.get("Age")) - 90) <= 5, `Age: ${response.headers.get("Age")}`);
  assert.equal(response.headers.get("ETag"), '"1"');
  assert.ok((await bytesOf(response)).equals(bytes));
  const object = await cache.open("a.ipa");
  assert.ok(object.found);
  assert.match(
    object.problem ?? "",
    /^the bucket cannot be reached: ECONNREFUSED; served from the cache, last checked 9\d s ago$/,
  );
  object.close();
  assert.equal((await get(cache, "b.ipa")).status, 503);
  assert.equal((await get(cache, "none.ipa")).status, 503);
  assert.deepEqual(kinds(), ["miss", "stale", "stale"]);
  origin.isDown = false;
  time += 11_000;
  assert.equal((await get(cache, "a.ipa")).headers.get("Age"), null);
});

test("with checkInterval the origin is asked only after that time, and the response says how old it is", async () => {
  const objects: Record<string, ReturnType<typeof version>> = { "a.ipa": version(Buffer.alloc(MiB, "a")) };
  let time = Date.now();
  const { origin, cache } = setUp(objects, { checkInterval: 60_000, now: () => time });
  const age = async (): Promise<string | null> => {
    const response = await get(cache, "a.ipa");
    assert.ok((await bytesOf(response)).equals(Buffer.alloc(MiB, "a")));
    return response.headers.get("Age");
  };
  assert.equal(await age(), null);
  await cache.idle();
  assert.equal(await age(), null);
  objects["a.ipa"] = version(Buffer.alloc(MiB, "b"), '"2"');
  origin.isDown = true;
  time += 40_000;
  assert.equal(await age(), "40");
  time += 19_999;
  assert.equal(await age(), "60");
  origin.isDown = false;
  time += 1;
  assert.ok((await bytesOf(await get(cache, "a.ipa"))).equals(Buffer.alloc(MiB, "b")));
  await cache.idle();
  assert.ok((await bytesOf(await get(cache, "a.ipa"))).equals(Buffer.alloc(MiB, "b")));
  time -= 3_600_000;
  delete objects["a.ipa"];
  assert.equal((await get(cache, "a.ipa")).status, 404);
});

for (const [title, replacement, status] of [
  ["replaced", '"2"', 200],
  ["removed", undefined, 404],
] as const) {
  test(`with checkInterval, a stored file that is damaged and was ${title} at the origin is requested again`, async () => {
    const objects: Record<string, ReturnType<typeof version>> = { "a.ipa": version(Buffer.alloc(MiB, "a")) };
    const { cache, folder } = setUp(objects, { checkInterval: 60_000 });
    await bytesOf(await get(cache, "a.ipa"));
    await cache.idle();
    await (await get(cache, "a.ipa")).body?.cancel();
    writeFileSync(join(folder, stored(folder)[0] as string), Buffer.alloc(MiB, "x"));
    if (replacement) objects["a.ipa"] = version(Buffer.alloc(MiB, "b"), replacement);
    else delete objects["a.ipa"];
    const response = await get(cache, "a.ipa");
    assert.equal(response.status, status);
    if (replacement) assert.ok((await bytesOf(response)).equals(Buffer.alloc(MiB, "b")));
  });
}

test("the time of the last use is not mistaken for a confirmation by the origin", async () => {
  let time = Date.now();
  const { origin, cache, folder } = setUp(
    { "a.ipa": version(randomBytes(1000)) },
    { checkInterval: 60_000, now: () => time },
  );
  const ask = async (): Promise<string | null> => (await get(cache, "a.ipa")).headers.get("Age");
  await ask();
  await cache.idle();
  await ask();
  time += 59_000;
  assert.equal(await ask(), "59");
  const entry = join(folder, readdirSync(folder).find((name) => name.endsWith(".json")) as string);
  while (Math.abs(statSync(entry).atimeMs - time) > 5) await new Promise((resolve) => setTimeout(resolve, 5));
  origin.isDown = true;
  time += 31_000;
  assert.equal(await ask(), "90");
});

test("with serveStale: false nothing is served that the origin could not confirm", async () => {
  const { origin, cache } = setUp({ "a.ipa": version(randomBytes(1000)) }, { serveStale: false });
  await bytesOf(await get(cache, "a.ipa"));
  await cache.idle();
  origin.isDown = true;
  assert.equal((await get(cache, "a.ipa")).status, 503);
});

for (const [title, damage] of [
  [
    "changed bytes",
    (path: string) => {
      const bytes = readFileSync(path);
      bytes[MiB + 3] = (bytes[MiB + 3] as number) ^ 1;
      writeFileSync(path, bytes);
    },
  ],
  ["a shorter file", (path: string) => truncateSync(path, 1000)],
  ["a missing file", (path: string) => rmSync(path)],
] as const) {
  test(`${title} on the disk never reach a client, and the file is fetched again`, async () => {
    const bytes = randomBytes(3 * MiB);
    const { origin, folder } = setUp({ "a.ipa": version(bytes) });
    const before = diskCache(origin, { folder, maxBytes: 64 * MiB });
    await bytesOf(await get(before, "a.ipa"));
    await before.idle();
    damage(join(folder, stored(folder)[0] as string));
    const after = diskCache(origin, { folder, maxBytes: 64 * MiB });
    assert.ok((await bytesOf(await get(after, "a.ipa"))).equals(bytes));
    assert.ok((await bytesOf(await get(after, "a.ipa"))).equals(bytes));
    await after.idle();
    const reads = origin.reads;
    assert.ok((await bytesOf(await get(after, "a.ipa"))).equals(bytes));
    assert.equal(origin.reads, reads);
  });
}

test("a damaged entry counts as not stored", async () => {
  const bytes = randomBytes(MiB);
  const { cache, folder } = setUp({ "a.ipa": version(bytes) });
  for (const text of ["", "{", "null", '{"name":"a.ipa","size":1048576,"etag":"\\"1\\"","blocks":[]}']) {
    mkdirSync(folder, { recursive: true });
    await bytesOf(await get(cache, "a.ipa"));
    await cache.idle();
    for (const name of readdirSync(folder)) if (name.endsWith(".json")) writeFileSync(join(folder, name), text);
    assert.ok((await bytesOf(await get(cache, "a.ipa"))).equals(bytes), text);
    await cache.idle();
  }
});

test("the least recently used file is evicted, and the cache never exceeds its size", async () => {
  let time = Date.now();
  const objects = Object.fromEntries(
    ["a", "b", "c", "d"].map((name) => [`${name}.ipa`, version(randomBytes(MiB), `"${name}"`)]),
  );
  const { origin, cache } = setUp(objects, { maxBytes: 3 * MiB, now: () => time });
  for (const name of ["a.ipa", "b.ipa", "c.ipa", "a.ipa", "d.ipa"]) {
    time += 60_000;
    await bytesOf(await get(cache, name));
    await cache.idle();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok((await cache.storedBytes()) <= 3 * MiB);
  }
  assert.equal(origin.reads, 4);
  await bytesOf(await get(cache, "a.ipa"));
  assert.equal(origin.reads, 4, "a was used last and is still there");
  await bytesOf(await get(cache, "b.ipa"));
  assert.equal(origin.reads, 5, "b was removed");
});

test("nothing is left of an evicted file", async () => {
  const { cache, folder } = setUp(
    { "a.ipa": version(randomBytes(MiB)), "b.ipa": version(randomBytes(MiB)) },
    { maxBytes: MiB + 1 },
  );
  for (const name of ["a.ipa", "b.ipa", "a.ipa", "b.ipa"]) {
    await bytesOf(await get(cache, name));
    await cache.idle();
  }
  assert.deepEqual(
    readdirSync(folder)
      .map((name) => name.replace(/.*\./, ""))
      .sort(),
    ["data", "json"],
  );
});

test("files that are fetched at the same time do not exceed the cache's size together", async () => {
  const bytes = randomBytes(2 * MiB);
  const names = ["a.ipa", "b.ipa", "c.ipa"];
  const objects = Object.fromEntries(names.map((name) => [name, version(bytes)]));
  const { origin, cache, events } = setUp(objects, { maxBytes: 5 * MiB });
  let release = (): void => {};
  origin.gate = new Promise((resolve) => {
    release = resolve;
  });
  const all = Promise.all(names.map(async (name) => bytesOf(await get(cache, name))));
  const problems = (): CacheEvent[] => events.filter(({ kind }) => kind === "problem");
  for (let turn = 0; turn < 500 && problems().length === 0; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const storedBytes = await cache.storedBytes();
  release();
  assert.ok(storedBytes <= 5 * MiB);
  assert.ok((await all).every((received) => received.equals(bytes)));
  await cache.idle();
  assert.match(JSON.stringify(problems()), /leave no room/);
});

// Only root can mount a file system.
if (process.getuid?.() === 0) {
  test("20 downloads complete although the disk of the cache is full", async () => {
    const disk = temporaryFolder();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "none", disk]);
    try {
      const bytes = randomBytes(8 * MiB);
      const { cache, folder, events } = setUp({ "a.ipa": version(bytes) }, { folder: join(disk, "cache") });
      const all = await Promise.all(Array.from({ length: 20 }, async () => bytesOf(await get(cache, "a.ipa"))));
      assert.ok(all.every((received) => received.equals(bytes)));
      await cache.idle();
      assert.match(String((events.at(-1) as { problem?: string }).problem), /ENOSPC/);
      assert.deepEqual(readdirSync(folder), []);
    } finally {
      execFileSync("umount", [disk]);
    }
  });
}

test("a file larger than the cache, or without a strong ETag, passes through", async () => {
  const { origin, cache, folder } = setUp({ "a.ipa": version(randomBytes(2 * MiB)) }, { maxBytes: MiB });
  await bytesOf(await get(cache, "a.ipa"));
  await bytesOf(await get(cache, "a.ipa"));
  await cache.idle();
  assert.equal(origin.reads, 2);
  assert.deepEqual(readdirSync(folder), []);
});

test("two processes share a folder: each serves what the other stored", async () => {
  const bytes = randomBytes(2 * MiB);
  const { origin, cache, folder } = setUp({ "a.ipa": version(bytes) });
  const other = diskCache(origin, { folder, maxBytes: 64 * MiB });
  const both = await Promise.all([cache, other].map(async (one) => bytesOf(await get(one, "a.ipa"))));
  assert.ok(both.every((received) => received.equals(bytes)));
  await Promise.all([cache.idle(), other.idle()]);
  const reads = origin.reads;
  assert.ok((await bytesOf(await get(other, "a.ipa"))).equals(bytes));
  assert.equal(origin.reads, reads);
  assert.equal(stored(folder).length, 1);
});

test("a process killed during a download leaves nothing that is served, and its remains are removed", async () => {
  const { origin, cache, folder } = setUp({ "a.ipa": version(randomBytes(MiB)) });
  const program = `
    import { diskCache } from "@portcullis/origin/node";
    const object = { found: true, name: "a.ipa", size: ${MiB}, etag: '"1"', modified: undefined, close() {},
      read: () => new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(1000)); return new Promise((r) => setTimeout(r, 20)); } }) };
    const opened = await diskCache({ open: async () => object }, { folder: ${JSON.stringify(folder)}, maxBytes: ${64 * MiB} }).open("a.ipa");
    const reader = opened.read({ first: 0, last: 10 }).getReader();
    await reader.read();
    console.log("begun");
    setInterval(() => {}, 1000);
  `;
  const args = ["--conditions=@portcullis/source", "--import=tsx", "--input-type=module", "--eval", program];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  const [partial] = readdirSync(folder);
  assert.match(partial ?? "", /\.partial$/);
  assert.equal((await bytesOf(await get(cache, "a.ipa"))).length, MiB);
  await cache.idle();
  assert.equal(origin.reads, 1);
  const longAgo = Date.now() / 1000 - 3600;
  utimesSync(join(folder, partial as string), longAgo, longAgo);
  assert.equal(await cache.storedBytes(), MiB);
  assert.ok(!readdirSync(folder).includes(partial as string));
});

test("an entry with one invalid member counts as not stored", async () => {
  const folder = temporaryFolder();
  const entry = { name: "a.ipa", size: 1, etag: '"1"', modified: 0, contentType: "text/plain", blocks: ["digest"] };
  await writeEntry(folder, entry);
  const file = entryFile(folder, "a.ipa");
  assert.match(file, /\/[\da-f]{40}\.json$/);
  assert.deepEqual(await readEntry(folder, "a.ipa"), entry);
  for (const wrong of [
    { name: "b.ipa" },
    { size: 0, blocks: [] },
    { size: -1, blocks: [] },
    { size: 0.5 },
    { size: "1" },
    { etag: 1 },
    { etag: undefined },
    { contentType: 1 },
    { modified: "x" },
    { blocks: [] },
    { blocks: ["digest", "digest"] },
    { blocks: "x" },
  ]) {
    writeFileSync(file, JSON.stringify({ ...entry, ...wrong }));
    assert.equal(await readEntry(folder, "a.ipa"), undefined, JSON.stringify(wrong));
  }
});

test("a file as large as the cache is stored; for a larger one, and one without an ETag, the cache does nothing", async () => {
  const bytes = randomBytes(1000);
  for (const [maxBytes, etag, expected] of [
    [1000, '"1"', ["miss", "hit"]],
    [999, '"1"', []],
    [1000, undefined, []],
  ] as const) {
    const { cache, kinds } = setUp({ "a.ipa": { ...version(bytes), etag } } as Objects, { maxBytes });
    for (let round = 0; round < 2; round += 1) {
      assert.ok((await bytesOf(await get(cache, "a.ipa"))).equals(bytes));
      await cache.idle();
    }
    assert.deepEqual(kinds(), expected);
  }
});

test("a damaged file is reported; while the origin is down, it is not sent", async () => {
  const { origin, cache, folder, events } = setUp({ "a.ipa": version(randomBytes(1000)) });
  await bytesOf(await get(cache, "a.ipa"));
  await cache.idle();
  writeFileSync(join(folder, stored(folder)[0] as string), randomBytes(1000));
  origin.isDown = true;
  const problems: string[] = [];
  const request = new Request("https://files.example/a.ipa");
  const response = await respond(cache, request, { onProblem: (problem) => problems.push(problem) });
  assert.equal(response.ok, false);
  assert.equal(problems.at(-1), "the cached copy is damaged, and the origin cannot be reached");
  assert.deepEqual(events.at(-1), {
    kind: "problem",
    problem: "the cached copy of a.ipa is damaged and will be fetched again",
  });
});

test("with checkInterval, several stored files are served without the origin", async () => {
  const { origin, cache, kinds } = setUp(
    { "a.ipa": version(randomBytes(1000)), "b.ipa": version(randomBytes(1000)) },
    { checkInterval: 60_000, now: () => 1_000_000 },
  );
  for (const name of ["a.ipa", "b.ipa", "a.ipa", "b.ipa"]) {
    await bytesOf(await get(cache, name));
    await cache.idle();
  }
  origin.isDown = true;
  for (const name of ["a.ipa", "b.ipa"]) assert.equal((await get(cache, name)).status, 200);
  assert.deepEqual(kinds(), ["miss", "miss", "hit", "hit", "hit", "hit"]);
});

test("a stored file that is served while the origin is down has its own date, or none", async () => {
  for (const date of [modified, undefined]) {
    const { origin, cache } = setUp({ "a.ipa": { ...version(randomBytes(1000)), modified: date } } as Objects);
    await bytesOf(await get(cache, "a.ipa"));
    await cache.idle();
    origin.isDown = true;
    const response = await get(cache, "a.ipa");
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("Last-Modified"), date?.toUTCString() ?? null);
    await bytesOf(response);
  }
});

for (const when of ["before", "between", "within"] as const) {
  test(`a cached range that is cancelled ${when} its reads is released once, and so is the rest at the origin`, async () => {
    const happened: string[] = [];
    let found = (_piece: undefined): void => {};
    const searching = new Promise<undefined>((resolve) => {
      found = resolve;
    });
    const rest = {
      pull: (controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(1)),
      cancel: () => void happened.push("rest cancelled"),
    };
    const read = () => new ReadableStream<Uint8Array<ArrayBuffer>>(rest, { highWaterMark: 0 });
    const stream = readCached({
      range: { first: 0, last: 9 },
      fromDisk: async () => (when === "within" ? searching : new Uint8Array(1)),
      object: { found: true, name: "a", size: 10, etag: undefined, modified: undefined, read, close() {} },
      release: () => void happened.push("released"),
    });
    const reader = stream.getReader();
    const reading = when === "before" ? undefined : reader.read();
    await new Promise(setImmediate);
    await reader.cancel();
    assert.deepEqual(happened, when === "within" ? [] : ["released"]);
    found(undefined);
    await reading;
    await new Promise(setImmediate);
    assert.deepEqual(happened, when === "within" ? ["rest cancelled", "released"] : ["released"]);
  });
}
