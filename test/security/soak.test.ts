import assert from "node:assert/strict";
import { readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { freshToken } from "../support/link.ts";
import { longestStart } from "../support/portcullis-process.ts";
import { type RawRequest, type RawResponse, rawRequest } from "../support/raw-request.ts";
import { servedFolder } from "../support/served-folder.ts";
import { type SigningKey, signingKey } from "../support/signing-key.ts";
import { openFiles, until } from "../support/slow-reader.ts";
import { createRandom } from "./random.ts";

/** `PORTCULLIS_SOAK_SECONDS`: how long the test runs; 5 seconds by default. */
const seconds = Number(process.env.PORTCULLIS_SOAK_SECONDS ?? 5);
const size = 512 * 1024;
const clients = 12;

test("under load, attacks, rotated keys and replaced files, no response is wrong, and memory and descriptors stay flat", async () => {
  const { base, www, key, start } = servedFolder({});
  const second = join(base, "second.pem");
  let rotated = replaceKey(second);
  let version = 0;
  replaceFile(www, version);
  const portcullis = start("--key", second, "--max-connections", "200");
  const port = await portcullis.port(longestStart);
  const memory = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${portcullis.child.pid}/status`, "utf8"))?.[1]) / 1024;
  const random = createRandom(1);
  const counts: Record<string, number> = {};

  const target = (signer: SigningKey): string => `/app.ipa?token=${freshToken(signer)}`;
  const get = (path: string, request: RawRequest = {}): Promise<RawResponse> => rawRequest(port, path, request);
  const forged = `${target(key).slice(0, -12)}AAAAAAAAAAAA`;

  const actions: Record<string, () => unknown> = {
    async download() {
      const { status, body } = await get(target(key));
      assert.equal(status, 200);
      assertOneVersion(body, size);
    },
    async range() {
      const from = random.below(size - 1000);
      const { status, body } = await get(target(key), { headers: { Range: `bytes=${from}-${from + 999}` } });
      assert.equal(status, 206);
      assertOneVersion(body, 1000);
    },
    async head() {
      const { status, headers, body } = await get(target(key), { method: "HEAD" });
      assert.deepEqual([status, headers["content-length"], body.length], [200, String(size), 0]);
    },
    async rotatedKey() {
      // The key may have been replaced a moment ago, with the new one not loaded yet.
      const { status } = await get(target(rotated));
      assert.ok(status === 200 || status === 401, String(status));
    },
    async strangeKey() {
      assert.equal((await get(target(strange))).status, 401);
    },
    async forged() {
      const { status, body } = await get(forged);
      assert.equal(status, 401);
      assert.ok(body.length < 1000);
    },
    async noToken() {
      assert.equal((await get("/app.ipa")).status, 401);
    },
    async abort() {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(`GET ${target(key)} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await new Promise((resolve) => socket.once("data", resolve).once("close", resolve));
      socket.resetAndDestroy();
    },
    async holdConnection() {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      if (random.once(2)) socket.write("GET / HTTP/1.1\r\nHost: x\r\nX: ");
      await new Promise((resolve) => setTimeout(resolve, 100));
      socket.destroy();
    },
    replaceFile() {
      version = (version + 1) % 250;
      replaceFile(www, version);
    },
    replaceKey() {
      rotated = replaceKey(second);
      portcullis.child.kill("SIGHUP");
    },
    reloadStorm() {
      for (let signals = 0; signals < 10; signals += 1) portcullis.child.kill("SIGHUP");
    },
  };
  const strange = signingKey();
  const rare = ["replaceKey", "reloadStorm", "replaceFile", "holdConnection"];
  const names = Object.keys(actions);

  async function client(end: number): Promise<void> {
    while (performance.now() < end) {
      const name = random.pick(names);
      if (rare.includes(name) && !random.once(10)) continue;
      await actions[name]?.();
      counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  const run = (duration: number): Promise<unknown> =>
    Promise.all(Array.from({ length: clients }, () => client(performance.now() + duration * 1000)));

  await run(Math.min(2, seconds / 2)); // by now, caches, buffers and code are warm
  const before = { memory: memory(), files: openFiles(portcullis) };
  await run(seconds);
  await until(() => openFiles(portcullis) <= before.files + clients, "descriptors being closed");
  const grown = memory() - before.memory;
  console.log(`${JSON.stringify(counts)}; memory ${memory().toFixed(0)} MiB, ${grown.toFixed(0)} more than at first`);
  assert.ok(grown < 100, `${grown} MiB more`);
  for (const name of names) assert.ok((counts[name] ?? 0) > 0 || rare.includes(name), `${name} never ran`);
  await actions.download?.();
  let status = 0;
  for (let tries = 0; tries < 100 && status !== 200; tries += 1) {
    ({ status } = await get(target(rotated)));
    if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.equal(status, 200, "the key that was put in place last is in use");
  assert.equal(await portcullis.end(), 0);
  assert.equal(portcullis.stderr(), "");
});

/** Writes a file whose bytes are all the same, and renames it into place, as administrators should. */
function replaceFile(folder: string, version: number): void {
  const temporary = join(folder, ".next");
  writeFileSync(temporary, Buffer.alloc(size, version));
  // The server waits for a file that was modified a moment ago.
  utimesSync(temporary, new Date(), Date.now() / 1000 - 3600 + version);
  renameSync(temporary, join(folder, "app.ipa"));
}

function replaceKey(file: string): SigningKey {
  const key = signingKey();
  writeFileSync(`${file}.next`, key.publicPem);
  renameSync(`${file}.next`, file);
  return key;
}

function assertOneVersion(body: Buffer, length: number): void {
  assert.equal(body.length, length);
  assert.ok(body.equals(Buffer.alloc(length, body[0])), "bytes of two versions");
}
