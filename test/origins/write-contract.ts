import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WritableOrigin } from "@portcullis/origin";
import { bytesToWrite } from "../origin/bytes-to-write.ts";

const MiB = 1024 ** 2;

/** Tests that objects can be read after they were written, the same for every store. */
export function writeContract(title: string, origin: WritableOrigin): void {
  describe(title, () => {
    async function read(name: string): Promise<Buffer> {
      const object = await origin.open(name);
      assert.ok(object.found, name);
      const stream = object.read({ first: 0, last: object.size - 1 });
      return Buffer.from(await new Response(stream).arrayBuffer());
    }

    test("stores objects of every size, of which at most 16 MiB at a time are in memory", async () => {
      for (const size of [0, 1, 16 * MiB, 16 * MiB + 1, 40 * MiB]) {
        const { bytes, object, largestRead } = bytesToWrite(size);
        await origin.write(`written/${size}.ipa`, object);
        assert.ok((await read(`written/${size}.ipa`)).equals(bytes), `${size} bytes`);
        assert.ok(largestRead() <= 16 * MiB);
      }
    });

    test("stores objects under every name that a download can have", async () => {
      for (const name of [
        "My App 1.0 (7).ipa",
        "a+b&c=d.pkg",
        "#1 100%.epub",
        "team/Zoë/Übung's app!*~.pkg",
        "日本語.pdf",
      ]) {
        for (const size of [5, 16 * MiB + 5]) {
          const { bytes, object } = bytesToWrite(size);
          await origin.write(name, object);
          assert.ok((await read(name)).equals(bytes), name);
        }
      }
    });

    test("replaces an object; until it is complete, nothing of the new one can be read", async () => {
      const [old, whole] = [bytesToWrite(17 * MiB), bytesToWrite(17 * MiB)];
      await origin.write("replaced.ipa", old.object);
      const failing = {
        size: 17 * MiB,
        read: (range: { first: number; last: number }) =>
          range.first === 0 ? whole.object.read(range) : Promise.reject(new Error("the disk is gone")),
      };
      await assert.rejects(origin.write("replaced.ipa", failing), /the disk is gone/);
      assert.ok((await read("replaced.ipa")).equals(old.bytes));
      await origin.write("replaced.ipa", whole.object);
      assert.ok((await read("replaced.ipa")).equals(whole.bytes));
    });
  });
}
