import assert from "node:assert/strict";
import { test } from "node:test";
import { readDer, readDerSequence } from "../../packages/core/src/der.ts";
import { readPublicKeys } from "../../packages/core/src/public-key.ts";
import { type RsaPublicKey, subjectPublicKeyInfo } from "../../packages/core/src/rsa-public-key.ts";
import { webSigningKey } from "../support/web-signing-key.ts";

const lengthsOf = (...bytes: number[]) => readDer(Uint8Array.from(bytes)).map(({ content }) => content.length);
const octets = (count: number) => Array<number>(count).fill(7);

test("a length is read in its short form up to 127 bytes, and in each long form beyond", () => {
  assert.deepEqual(lengthsOf(), []);
  assert.deepEqual(lengthsOf(5, 0, 4, 1, 7), [0, 1]);
  assert.deepEqual(lengthsOf(4, 0x7f, ...octets(127), 5, 0), [127, 0]);
  assert.deepEqual(lengthsOf(4, 0x81, 0x80, ...octets(128), 5, 0), [128, 0]);
  assert.deepEqual(lengthsOf(4, 0x82, 1, 0, ...octets(256), 5, 0), [256, 0]);
  assert.deepEqual(lengthsOf(4, 0x83, 1, 0, 0, ...octets(65_536), 5, 0), [65_536, 0]);
});

test("if bytes end within an element, or have no length, nothing is read, not even the elements before", () => {
  const broken = [[4], [4, 1], [4, 2, 7], [4, 0x81], [4, 0x82, 1], [4, 0x81, 0x80, ...octets(127)], [4, 0xff, 7]];
  const indefinite = [
    [4, 0x80, ...octets(128)],
    [4, 0x80],
    [4, 0x80, 5, 0],
  ];
  const longerThanNeeded = [
    [4, 0x81, 0x7f, ...octets(127)],
    [4, 0x82, 0, 0x80, ...octets(128)],
    [4, 0x83, 0, 1, 0, ...octets(256)],
    [4, 0x84, 0, 0, 0, 1, 7],
    [4, 0x84, 1, 0, 0, 0],
  ];
  for (const end of [...broken, ...indefinite, ...longerThanNeeded]) {
    assert.deepEqual(lengthsOf(...end), [], String(end));
    assert.deepEqual(lengthsOf(5, 0, ...end), [], String(end));
  }
});

test("a sequence is exactly one element with its tag", () => {
  assert.equal(readDerSequence(Uint8Array.of(0x30, 2, 5, 0)).length, 1);
  for (const bytes of [[], [5, 0], [0x31, 2, 5, 0], [0x30, 2, 5, 0, 5, 0], [0x30, 2, 5]])
    assert.deepEqual(readDerSequence(Uint8Array.from(bytes)), []);
});

test("an element of 16 MiB or more gives nothing, even if all of it is there", () => {
  const whole = new Uint8Array(6 + 2 ** 24);
  whole.set([4, 0x84, 1, 0, 0, 0]);
  assert.deepEqual(readDer(whole), []);
});

test("a number gets a leading zero only if its first bit is set", () => {
  for (const [first, written] of [
    [0x7f, [0x7f, 0xff, 1]],
    [0x80, [0, 0x80, 0xff, 1]],
    [0xff, [0, 0xff, 0xff, 1]],
    [0x01, [0x01, 0xff, 1]],
  ] as const) {
    const modulus = Uint8Array.of(first, 0xff, 1);
    const [spki] = readDer(subjectPublicKeyInfo({ modulus, exponent: Uint8Array.of(1, 0, 1), kid: undefined }));
    const [, key] = readDer(spki?.content as Uint8Array);
    const [sequence] = readDer(key?.content.subarray(1) as Uint8Array);
    const numbers = readDer(sequence?.content as Uint8Array).map(({ content }) => [...content]);
    assert.deepEqual(numbers, [written, [1, 0, 1]]);
  }
});

test("the runtime gets a key in exactly the bytes that it writes itself", async () => {
  for (const bits of [2048, 3072]) {
    const key = await webSigningKey(bits);
    const [reading] = readPublicKeys(key.publicPem);
    const spki = new Uint8Array(await crypto.subtle.exportKey("spki", key.publicKey));
    assert.deepEqual(subjectPublicKeyInfo(reading as RsaPublicKey), spki);
  }
});
