import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { Upload } from "@tus/server";
import { UploadStore } from "../../packages/depot/src/upload/upload-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a file is hashed while it arrives, and read again only by a process that has not received all of it", async () => {
  const folder = temporaryFolder();
  const store = new UploadStore(folder);
  const parts = [randomBytes(100_000), randomBytes(50_000)] as const;
  const sent = Buffer.concat(parts);
  const hashOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
  const id = hashOf(sent);
  await store.create(new Upload({ id, size: sent.length, offset: 0, metadata: { sha256: id } }));
  await store.write(Readable.from([parts[0]]), id, 0);
  assert.equal(await store.received(id), undefined, "it is not complete");
  await store.write(Readable.from([parts[1]]), id, parts[0].length);
  // Other bytes of the same length, to see which are hashed.
  const other = Buffer.alloc(sent.length);
  writeFileSync(join(folder, id), other);
  assert.equal((await store.received(id))?.sha256, id);
  assert.equal((await new UploadStore(folder).received(id))?.sha256, hashOf(other));
});

test("an upload that is created again goes on with the bytes that have arrived, unless its size differs or it is complete", async () => {
  const store = new UploadStore(temporaryFolder());
  const sent = randomBytes(1000);
  const id = createHash("sha256").update(sent).digest("hex");
  const offsetAfterCreate = async (size: number): Promise<number> => {
    await store.create(new Upload({ id, size, offset: 0, metadata: { sha256: id } }));
    return (await store.getUpload(id)).offset;
  };
  assert.equal(await offsetAfterCreate(sent.length), 0);
  await store.write(Readable.from([sent.subarray(0, 600)]), id, 0);
  assert.equal(await offsetAfterCreate(sent.length), 600);
  await store.write(Readable.from([sent.subarray(600)]), id, 600);
  assert.equal((await store.received(id))?.sha256, id);
  assert.equal(await offsetAfterCreate(sent.length), 0, "it was complete");
  await store.write(Readable.from([sent.subarray(0, 600)]), id, 0);
  assert.equal(await offsetAfterCreate(sent.length + 1), 0, "it was another upload");
});
