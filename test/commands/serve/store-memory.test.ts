import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { freshToken } from "../../support/link.ts";
import { type PortcullisProcess, startPortcullis } from "../../support/portcullis-process.ts";
import { rawRequest } from "../../support/raw-request.ts";
import { servedFolder } from "../../support/served-folder.ts";
import { readMore, residentMemory, slowReader, until } from "../../support/slow-reader.ts";

const MiB = 1024 ** 2;
const size = 16 * MiB;
const block = Buffer.alloc(64 * 1024, 7);

/** A bucket in which each object has 16 MiB. */
const store = createServer(({ headers }, response) => {
  const [, first = "0", last = "0"] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
  let left = Number(last) - Number(first) + 1;
  const range = { "Content-Range": `bytes ${first}-${last}/${size}`, "Content-Length": left };
  response.writeHead(206, { ETag: '"1"', ...range });
  function send(): void {
    for (let isTaken = true; left > 0 && isTaken; ) {
      const piece = block.subarray(0, left);
      left -= piece.length;
      isTaken = response.write(piece);
    }
    if (left === 0) response.end();
    else response.once("drain", send);
  }
  send();
}).listen(0, "127.0.0.1");
await once(store, "listening");
after(() => store.close().closeAllConnections());
const { base, key } = servedFolder({});
const endpoint = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
const args = ["-k", join(base, "public.pem"), "--host", "127.0.0.1", "--port", "0", "--endpoint", endpoint];
const env = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };

const start = (...more: string[]): PortcullisProcess => startPortcullis(["serve", "s3://apps", ...args, ...more], env);
const target = (file: number): string => `/${file}.pkg?token=${freshToken(key)}`;

/** A cache that was filled by a server that has ended since. */
async function filledCache(): Promise<string> {
  const folder = join(base, "filled");
  const portcullis = start("--cache", folder);
  const port = await portcullis.port();
  for (const file of [0, 1]) assert.equal((await rawRequest(port, target(file))).body.length, size);
  await until(
    () => readdirSync(folder).filter((name) => name.endsWith(".json")).length === 2,
    "both files being stored",
  );
  await portcullis.end();
  return folder;
}

for (const [title, options, files] of [
  ["a bucket", async () => [], 200],
  ["a bucket whose files are being stored in a cache", async () => ["--cache", join(base, "cache")], 2],
  ["a cache, after a restart", async () => ["--cache", await filledCache()], 2],
] as const) {
  test(`200 simultaneous downloads from ${title} need little memory, and no more as they continue`, async (t) => {
    const portcullis = start(...(await options()));
    const port = await portcullis.port();
    await rawRequest(port, target(0), { method: "HEAD" });
    const before = residentMemory(portcullis);
    const sockets: Socket[] = [];
    while (sockets.length < 200) {
      const requests = Array.from({ length: 50 }, (_, index) => target((sockets.length + index) % files));
      sockets.push(
        ...(await Promise.all(requests.map((one) => slowReader(port, `GET ${one} HTTP/1.1\r\nHost: x\r\n\r\n`)))),
      );
    }
    const grown = [residentMemory(portcullis) - before];
    for (let round = 0; round < 2; round += 1) {
      await Promise.all(sockets.map((socket) => readMore(socket, MiB / 2)));
      grown.push(residentMemory(portcullis) - before);
    }
    const [, first = 0, last = 0] = grown;
    t.diagnostic(`MiB, after each 512 KiB that all have read: ${grown.map(Math.round).join(", ")}`);
    assert.ok(Math.max(...grown) < 250, `200 downloads took ${grown.join(", ")} MiB, more than 1.25 MiB each`);
    assert.ok(last - first < 50, `200 downloads took ${grown.join(", ")} MiB, more and more`);
    for (const socket of sockets) socket.destroy();
  });
}
