import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBase64url, decodeBase64urlText } from "../../packages/cli/src/token/decode-base64url.ts";

test("every text is decoded as Buffer does it, valid base64url or not", () => {
  const texts = [
    "",
    "A",
    "AA",
    "AAA",
    "AAAA",
    "AAAAA",
    "-_8",
    "+/8",
    "AA==",
    "AA==BB",
    "A A\nA",
    "Ä@e30",
    "e30.e30",
    "====",
  ];
  // Every length, and every pair of last characters.
  for (let length = 0; length < 70; length += 1) texts.push("bG9uZyB0ZXh0-_".repeat(5).slice(0, length));
  for (const one of "AQgwz09+/-_=.") for (const two of "AQgwz09+/-_=.") texts.push(`QUJD${one}${two}`);
  for (const text of texts) {
    const expected = Buffer.from(text, "base64url");
    assert.deepEqual(Buffer.from(decodeBase64url(text)), expected, JSON.stringify(text));
    assert.equal(decodeBase64urlText(text), expected.toString("utf8"), JSON.stringify(text));
  }
});

test("text keeps its byte order mark, as Buffer's does", () => {
  assert.equal(decodeBase64urlText(Buffer.from("\uFEFF{}").toString("base64url")), "\uFEFF{}");
});
