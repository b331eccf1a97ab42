import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate } from "@portcullis/core";
import { jamfClaims, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

const key = await webSigningKey();
const tokens = await Promise.all(
  Array.from({ length: 12 }, (_, index) => webSignToken(key, { ...jamfClaims, exp: jamfClaims.exp + index })),
);

function gateRemembering(cacheSize: number): (index: number) => Promise<boolean> {
  const gate = createGate({ keys: key.publicPem, now: () => testTime, cacheSize });
  return async (index) => {
    const decision = await gate.check(`/x${index}?token=${tokens[index]}&other=${Math.random()}`);
    assert.ok(decision.allowed);
    assert.equal(decision.claims.exp, jamfClaims.exp + index);
    return decision.cached;
  };
}

test("the cache key is the whole token, whatever the rest of the URL", async () => {
  const cached = gateRemembering(10);
  assert.deepEqual([await cached(0), await cached(0), await cached(1), await cached(1)], [false, true, false, true]);
});

test("a cache of size 0 stores nothing", async () => {
  const cached = gateRemembering(0);
  assert.deepEqual([await cached(0), await cached(0)], [false, false]);
});

test("the oldest tokens are evicted, and the ones in use are kept", async () => {
  const cached = gateRemembering(4);
  for (let index = 0; index < 12; index += 1) {
    assert.equal(await cached(index), false);
    if (index > 0) assert.equal(await cached(0), true, `the token in use after ${index} others`);
  }
  assert.equal(await cached(11), true);
  assert.equal(await cached(1), false);
});

test("the cache holds at least half as many tokens as its size", async () => {
  const cached = gateRemembering(10);
  for (let index = 0; index < 5; index += 1) assert.equal(await cached(index), false);
  for (let index = 0; index < 5; index += 1) assert.equal(await cached(index), true, `token ${index}`);
});

test("refused tokens evict nothing", async () => {
  const gate = createGate({ keys: key.publicPem, now: () => testTime, cacheSize: 2 });
  const good = `/a?token=${tokens[0]}`;
  const [header, payload, signature = ""] = (tokens[1] as string).split(".");
  assert.equal((await gate.check(good)).allowed, true);
  for (let index = 0; index < 40; index += 1) {
    const forged = `${header}.${payload}.${"A".repeat(20 + index)}${signature.slice(20 + index)}`;
    for (const url of [`/a?token=${forged}`, `/a?token=x${index}`, `/a?token=${"A".repeat(5000 + index)}`]) {
      assert.equal((await gate.check(url)).allowed, false);
    }
  }
  const decision = await gate.check(good);
  assert.equal(decision.allowed && decision.cached, true);
});

test("the cache never holds more tokens than its size", async () => {
  for (const size of [1, 2, 3, 4, 5]) {
    const cached = gateRemembering(size);
    for (let index = 0; index < 12; index += 1) await cached(index);
    let remembered = 0;
    for (let index = 11; index >= 0 && (await cached(index)); index -= 1) remembered += 1;
    assert.ok(remembered >= 1 && remembered <= Math.ceil(size / 2) * 2, `${remembered} of ${size}`);
  }
});

test("a token with the same ending as a cached one does not match it", async () => {
  const gate = createGate({ keys: key.publicPem, now: () => testTime, cacheSize: 4 });
  const [header, , signature] = (tokens[0] as string).split(".");
  const [, otherPayload] = (tokens[11] as string).split(".");
  for (const token of tokens.slice(0, 3)) {
    assert.ok((await gate.check(`?token=${token}`)).allowed);
    const forged = await gate.check(`?token=${header}.${otherPayload}.${signature}`);
    assert.equal(!forged.allowed && forged.code, "signature_invalid");
  }
  const decision = await gate.check(`?token=${tokens[0]}`);
  assert.ok(decision.allowed && decision.cached);
});
