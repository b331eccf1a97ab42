import assert from "node:assert/strict";
import { once } from "node:events";
import fs from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, afterEach, test } from "node:test";
import { folder, sendObject, type Transfer } from "@portcullis/origin/node";
import { rawRequest } from "../support/raw-request.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const www = temporaryFolder();
const size = 10 * 1024 * 1024;
fs.writeFileSync(join(www, "big.pkg"), Buffer.alloc(size, 7));
fs.writeFileSync(join(www, "small.pkg"), "small");
const old = new Date(Date.now() - 60_000);
for (const name of ["big.pkg", "small.pkg"]) fs.utimesSync(join(www, name), old, old);

const origin = folder(www);
const { read } = fs;
let readsUntilFailure = Number.POSITIVE_INFINITY;
let largestRead = 0;
let transfer: Transfer | undefined;

const server = createServer(async (request, response) => {
  const object = await origin.open((request.url ?? "").slice(1));
  assert.ok(object.found);
  type Done = (error: Error | null) => void;
  fs.read = ((...where: Parameters<typeof read>) => {
    readsUntilFailure -= 1;
    largestRead = Math.max(largestRead, Number((where as readonly unknown[])[3]));
    if (readsUntilFailure > 0) return read(...where);
    setImmediate(where.at(-1) as unknown as Done, new Error("EIO: i/o error, read"));
  }) as typeof read;
  transfer = sendObject(request, response, object);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
after(() => server.close());
afterEach(() => {
  fs.read = read;
  readsUntilFailure = Number.POSITIVE_INFINITY;
});

test("a disk failure before the response has begun gives 500, without the file's headers", async () => {
  readsUntilFailure = 1;
  const { status, headers } = await rawRequest(port, "/big.pkg");
  assert.deepEqual([status, headers.etag, headers["cache-control"]], [500, undefined, "no-store"]);
  assert.equal(transfer?.problem(), "EIO: i/o error, read");
  assert.equal(transfer?.wasCut(), false);
});

test("a disk failure during the response ends the connection before the announced length", async () => {
  readsUntilFailure = 3;
  const { status, headers, body } = await rawRequest(port, "/big.pkg");
  assert.deepEqual([status, headers["content-length"]], [200, String(size)]);
  assert.ok(body.length < size);
  assert.equal(transfer?.problem(), "EIO: i/o error, read");
  assert.equal(transfer?.wasCut(), true);
});

test("a block is at most a quarter of what is sent, so that files sent together do not use up the pool", async () => {
  largestRead = 0;
  assert.equal((await rawRequest(port, "/big.pkg")).body.length, size);
  assert.ok(largestRead <= size / 4, `${largestRead} bytes`);
});
