import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBase64url, decodeBase64urlText, encodeBase64url } from "../../packages/core/src/base64url.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

test("the vectors of RFC 4648 section 10 are encoded and decoded, without padding", () => {
  const vectors = ["", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"];
  for (const [length, text] of vectors.entries()) {
    const bytes = new TextEncoder().encode("foobar".slice(0, length));
    assert.equal(encodeBase64url(bytes), text);
    assert.deepEqual(decodeBase64urlText(text), bytes);
  }
});

test("bytes of any value and number survive encoding and decoding, in place too", () => {
  for (let length = 0; length < 300; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 151 + length * 7) % 256);
    const text = new TextEncoder().encode(encodeBase64url(bytes));
    assert.deepEqual(decodeBase64url(text), bytes);
    assert.deepEqual(decodeBase64url(text, text), bytes);
  }
});

test("of all texts of up to three characters, only those are decoded that encoding produces", () => {
  const texts = [...alphabet].flatMap((first) => [...alphabet].map((second) => first + second));
  for (const text of [...alphabet, ...texts, ...texts.flatMap((two) => [`${two}A`, `${two}B`, `${two}E`])]) {
    const decoded = decodeBase64urlText(text);
    if (decoded) assert.equal(encodeBase64url(decoded), text);
  }
  const decodable = texts.filter((text) => decodeBase64urlText(text));
  assert.equal(decodable.length, 256);
});

test("a byte that is not in the alphabet is refused at every position", () => {
  for (const text of ["Zm9vYmFy", "Zm9vYmE", "Zm9vYg"]) {
    for (let index = 0; index < text.length; index += 1) {
      for (let byte = 0; byte < 256; byte += 1) {
        const bytes = new TextEncoder().encode(text);
        bytes[index] = byte;
        const decoded = decodeBase64url(bytes);
        if (!alphabet.includes(String.fromCharCode(byte))) assert.equal(decoded, undefined, `${byte} in ${text}`);
      }
    }
  }
});
