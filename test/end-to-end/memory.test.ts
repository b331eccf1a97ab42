import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createGate } from "@portcullis/core";
import { signingKey, signToken } from "../support/signing-key.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test("cached tokens do not keep their long URLs in memory", async () => {
  const key = signingKey();
  const gate = createGate({ keys: key.publicPem });
  const exp = Math.floor(Date.now() / 1000) + 600;
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const count = 2000;
  for (let index = 0; index < count; index += 1) {
    const token = signToken(key, { sub: "AppManifest", iss: "JSS", exp, index });
    const url = Buffer.from(`/a.ipa?padding=${"x".repeat(14_000)}&token=${token}`).toString("latin1");
    const decision = await gate.check(url);
    assert.ok(decision.allowed);
  }
  collectGarbage();
  const grownBy = process.memoryUsage().heapUsed - before;
  assert.ok(grownBy < count * 3000, `${Math.round(grownBy / count)} bytes for each token`);
  assert.equal((await gate.check("/")).allowed, false); // the gate is still in use
});
