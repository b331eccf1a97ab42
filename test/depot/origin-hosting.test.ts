import assert from "node:assert/strict";
import { mkdirSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { type DepotOrigin, type DepotServer, openDepot, openDepotServer, readDataKeyFile } from "@portcullis/depot";
import type { ByteRange } from "@portcullis/origin";
import { folder } from "@portcullis/origin/node";
import { Kysely } from "kysely";
import { openStore } from "../../packages/depot/src/store/open-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { depotData, publicUrl } from "./running-depot.ts";
import { writeSampleApp } from "./sample-app.ts";

const app = "com.example.notes";
const base = temporaryFolder();
const bucket = join(base, "bucket");
mkdirSync(bucket);

const writable: DepotOrigin = folder(bucket);
const readable: DepotOrigin = { open: writable.open };

const depot = depotData();

async function openWith(origin: DepotOrigin | undefined): Promise<DepotServer> {
  mkdirSync(depot.data, { recursive: true });
  const dataKey = readDataKeyFile(join(depot.data, "data.key"));
  const server = await openDepotServer({ ...depot.options, origin, dataKey, publicUrl });
  after(() => server.close());
  return server;
}

/** Writes an object whose modification time is months ago. */
function place(name: string, version: string): Buffer {
  const file = writeSampleApp(join(bucket, name), { version });
  utimesSync(file, 0, Number(version));
  return readFileSync(file);
}

async function read({ files }: DepotServer, name: string, range?: ByteRange): Promise<Buffer | string> {
  const object = await files.open(name);
  if (!object.found) return `${object.status} ${object.problem}`;
  const stream = object.read(range ?? { first: 0, last: object.size - 1 });
  return Buffer.from(await new Response(stream).arrayBuffer());
}

const server = await openWith(readable);
const content = place("Notes.ipa", "1");

test("an object is published where it is, and served from there, whole and in part", async () => {
  const published = await server.publishHosted({ hosting: "origin", object: "Notes.ipa" }, { channel: "release" });
  assert.deepEqual([published.hosting, published.size], ["origin", content.length]);
  const name = `f/${published.sha256}/Notes.ipa`;
  assert.deepEqual(await read(server, name), content);
  assert.deepEqual(await read(server, name, { first: 5, last: 99 }), content.subarray(5, 100));
  assert.deepEqual(
    (await server.hosting.check(app)).map(({ hosting, address, problem }) => ({ hosting, address, problem })),
    [{ hosting: "origin", address: "Notes.ipa", problem: undefined }],
  );
});

test("an object that was replaced is not served as the one that was published", async () => {
  const { sha256 } = await server.publishHosted({ hosting: "origin", object: "Notes.ipa" }, { channel: "release" });
  place("Notes.ipa", "2");
  assert.match(String(await read(server, `f/${sha256}/Notes.ipa`)), /^502 .*replaced since it was published/);
  const [check] = await server.hosting.check(app);
  assert.match(String(check?.problem), /replaced since it was published/);
  writeSampleApp(join(bucket, "Notes.ipa"));
});

test("a missing object, and one without an origin, are refused, and the message says what to do", async () => {
  const missing = server.publishHosted({ hosting: "origin", object: "None.ipa" }, { channel: "release" });
  await assert.rejects(missing, {
    code: "file_unavailable",
    message: /None\.ipa cannot be read: there is no such file/,
  });
  const without = await openWith(undefined);
  const refused = without.publishHosted({ hosting: "origin", object: "Notes.ipa" }, { channel: "release" });
  await assert.rejects(refused, { code: "hosting_impossible", message: /the depot has no origin/ });
  const [version] = await without.hosting.check(app);
  assert.match(String(version?.problem), /in an origin, but the depot was started without --origin/);
});

test("a file is moved into an origin that can be written to, and out of it", async () => {
  const file = writeSampleApp(join(base, "Other.ipa"), { identifier: "com.example.other" });
  const { sha256 } = await server.publish(file, { channel: "release" });
  const refused = server.hosting.change("com.example.other", { hosting: "origin" });
  await assert.rejects(refused, { code: "hosting_impossible", message: /cannot be stored in the depot's origin/ });
  const writing = await openWith(writable);
  const [moved] = await writing.hosting.change("com.example.other", { hosting: "origin" });
  assert.deepEqual([moved?.hosting, moved?.address], ["origin", `${sha256}/Other.ipa`]);
  assert.deepEqual(readFileSync(join(bucket, sha256, "Other.ipa")), readFileSync(file));
  await writing.hosting.change("com.example.other", { hosting: "database" });
  assert.deepEqual(await read(writing, `f/${sha256}/Other.ipa`), readFileSync(file));
});

test("a file in the origin that is too large for the database is not read before it is refused", async () => {
  writeSampleApp(join(bucket, "Large.ipa"), { identifier: "com.example.large", size: 33 * 1024 ** 2 });
  utimesSync(join(bucket, "Large.ipa"), 0, 1);
  let opened = 0;
  const counting = await openWith({
    open(name) {
      opened += 1;
      return writable.open(name);
    },
  });
  await counting.publishHosted({ hosting: "origin", object: "Large.ipa" }, { channel: "release" });
  opened = 0;
  const refused = counting.hosting.change("com.example.large", { hosting: "database" });
  await assert.rejects(refused, { code: "hosting_impossible", message: /larger than 32 MiB/ });
  assert.equal(opened, 0);
});

test("an origin without a name is not taken for the one that the depot had before", async () => {
  const other = depotData();
  mkdirSync(other.data, { recursive: true });
  const dataKey = readDataKeyFile(join(other.data, "data.key"));
  const start = async (more: { readonly origin?: DepotOrigin; readonly originName?: string }) =>
    (await openDepotServer({ ...other.options, ...more, dataKey, publicUrl })).close();
  const open = async (originName: string) => (await openDepot({ ...other.options, originName })).close();
  await start({ origin: writable, originName: "one" });
  await open("one");
  await assert.rejects(open("two"), { code: "origin_differs", message: /another origin: one/ });
  await start({ origin: writable });
  await open("two");
  await start({});
  await assert.rejects(open("two"), { code: "origin_differs", message: /without an origin/ });
});

test("a depot whose origin cannot be checked disconnects from its database", async (context) => {
  const data = temporaryFolder();
  const store = await openStore({ file: join(data, "depot.db") });
  await store.db.schema.dropTable("setting").execute();
  await store.close();
  const disconnect = context.mock.method(Kysely.prototype, "destroy");
  await assert.rejects(openDepot({ data, originName: "one" }), /no such table/);
  assert.equal(disconnect.mock.callCount(), 1);
});
