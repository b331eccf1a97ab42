import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { importKeys } from "@portcullis/core";
import { webSigningKey } from "../support/web-signing-key.ts";
import { rsaNumbers } from "./rsa-numbers.ts";

/** The DigestInfo of SHA-256 up to its digest (RFC 8017 section 9.2, note 1). */
const prefix = Buffer.from("3031300d060960864801650304020105000420", "hex");
const message = new TextEncoder().encode("what is signed");

/** In addition to the named paddings of the attack corpus, every padding that differs from the right one in one place. */
describe("PKCS#1 v1.5: only the right padding verifies", async () => {
  const key = await webSigningKey();
  const [imported] = await importKeys(key.publicPem);
  const { length, sign } = await rsaNumbers(key);
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", message));
  const info = Buffer.concat([prefix, digest]);
  const pad = (content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(length - 3 - content.length, 255), Buffer.from([0]), content]);
  const verifies = (block: Buffer): Promise<boolean> =>
    Promise.resolve(imported?.verify(message, sign(block)) ?? false);

  async function noneVerifies(blocks: Iterable<readonly [what: string, block: Buffer]>): Promise<number> {
    const wrong: string[] = [];
    let count = 0;
    for (const [what, block] of blocks) {
      count += 1;
      if (await verifies(block)) wrong.push(what);
    }
    assert.deepEqual(wrong, []);
    return count;
  }

  test("the right padding verifies", async () => assert.equal(await verifies(pad(info)), true));

  test("with any byte of the block changed", async () => {
    const right = pad(info);
    const changed = function* () {
      for (let at = 0; at < length; at += 1)
        yield [`${at}`, Buffer.from(right.with(at, (right[at] ?? 0) ^ 1))] as const;
    };
    assert.equal(await noneVerifies(changed()), 256);
  });

  test("with any byte of the DigestInfo left out, twice, or zero", async () => {
    const edited = function* () {
      for (let at = 0; at < info.length; at += 1) {
        const [before, byte, after] = [info.subarray(0, at), info.subarray(at, at + 1), info.subarray(at + 1)];
        yield [`without ${at}`, pad(Buffer.concat([before, after]))] as const;
        yield [`${at} twice`, pad(Buffer.concat([before, byte, byte, after]))] as const;
        if (byte[0] !== 0) yield [`${at} is zero`, pad(Buffer.concat([before, Buffer.from([0]), after]))] as const;
      }
    };
    const zeros = info.filter((byte) => byte === 0).length;
    assert.equal(await noneVerifies(edited()), 3 * info.length - zeros);
  });

  test("with any other tag or length in the DigestInfo", async () => {
    const edited = function* () {
      for (const at of [0, 1, 2, 3, 4, 5, 15, 16, 17, 18])
        for (const byte of [0x00, 0x01, 0x7f, 0x80, 0x81, 0x84, 0xa0, 0xff])
          if (info[at] !== byte) yield [`${at} is ${byte}`, pad(Buffer.from(info.with(at, byte)))] as const;
    };
    assert.ok((await noneVerifies(edited())) > 70);
  });
});
