import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { httpOrigin, type Origin, respond } from "@portcullis/origin";
import { diskCache } from "@portcullis/origin/node";
import { temporaryFolder } from "../support/temporary-folder.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const size = 6 * 1024 ** 3 + 17;

/** The bytes of an object that is not stored anywhere: each block of 8 contains its own position. */
function bytesAt(first: number, last: number): Buffer {
  const start = first - (first % 8);
  const blocks = Buffer.alloc(Math.ceil((last + 1 - start) / 8) * 8);
  for (let at = 0; at < blocks.length; at += 8) blocks.writeDoubleLE(start + at, at);
  return blocks.subarray(first - start, last + 1 - start);
}

const store = createServer(({ headers }, response) => {
  response.setHeader("ETag", '"1"');
  const [, first = "", last = ""] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
  const length = Number(last) - Number(first) + 1;
  response.writeHead(206, { "Content-Range": `bytes ${first}-${last}/${size}`, "Content-Length": length });
  send(Number(first));

  function send(from: number): void {
    if (from > Number(last) || response.destroyed) return void response.end();
    const next = Math.min(from + 65_536, Number(last) + 1);
    response.write(bytesAt(from, next - 1), () => send(next));
  }
}).listen(0, "127.0.0.1");
await once(store, "listening");
after(() => store.close().closeAllConnections());
const { port } = store.address() as AddressInfo;
// 200 clients share the processor with everything else that runs.
const origin = httpOrigin({ url: `http://127.0.0.1:${port}/`, responseTimeout: 60_000 });

const get = (from: Origin, headers: Record<string, string> = {}, method = "GET"): Promise<Response> =>
  respond(from, new Request("https://files.example/huge.pkg", { headers, method }), {
    onProblem: (problem) => assert.fail(problem),
  });

const caches: Readonly<Record<string, Origin>> = {
  "without a cache": origin,
  "behind a cache that is too small for it": diskCache(origin, {
    folder: join(temporaryFolder(), "cache"),
    maxBytes: 1024 ** 3,
  }),
};

for (const [title, from] of Object.entries(caches)) {
  test(`an object over 6 GiB has the right length, and ranges beyond 4 GiB are exact, ${title}`, async () => {
    const head = await get(from, {}, "HEAD");
    assert.equal(head.headers.get("Content-Length"), String(size));
    for (const [range, first, last] of [
      [`bytes=${2 ** 31 - 9}-${2 ** 31 + 9}`, 2 ** 31 - 9, 2 ** 31 + 9],
      [`bytes=${2 ** 32 - 100}-${2 ** 32 + 100_000}`, 2 ** 32 - 100, 2 ** 32 + 100_000],
      [`bytes=${size - 20}-`, size - 20, size - 1],
      ["bytes=-5", size - 5, size - 1],
    ] as const) {
      const response = await get(from, { Range: range });
      assert.equal(response.status, 206, range);
      assert.equal(response.headers.get("Content-Range"), `bytes ${first}-${last}/${size}`);
      assert.ok(Buffer.from(await response.arrayBuffer()).equals(bytesAt(first, last)), range);
    }
    assert.equal((await get(from, { Range: `bytes=${size}-` })).status, 416);
  });
}

test("200 clients that stop reading hold less than 1 MiB each, with and without a cache that is being filled", async () => {
  const stored = 64 * 1024 ** 2;
  const smaller: Origin = {
    async open(name, options) {
      const object = await origin.open(name, options);
      return object.found ? { ...object, size: stored } : object;
    },
  };
  const cache = diskCache(smaller, { folder: join(temporaryFolder(), "cache"), maxBytes: 2 * stored });
  for (const from of [smaller, cache]) {
    const before = usedMemory();
    const readers = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const reader = ((await get(from)).body as ReadableStream<Uint8Array>).getReader();
        await reader.read();
        return reader;
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    const grown = usedMemory() - before;
    for (const reader of readers) await reader.cancel();
    assert.ok(grown < 200 * 1024 ** 2, `${Math.round(grown / 1024 ** 2)} MiB`);
  }
  await cache.idle();
});

function usedMemory(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
