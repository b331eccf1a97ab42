import assert from "node:assert/strict";
import { test } from "node:test";
import { safeLines, safeText, withoutControls } from "../../packages/cli/src/terminal/safe-text.ts";
import { stripQuotes } from "../../packages/cli/src/terminal/strip-quotes.ts";
import { assertLinear } from "../support/assert-linear.ts";
import { pemOf } from "../support/private-key.ts";
import { signingKey, signToken } from "../support/signing-key.ts";

const key = signingKey();
const token = signToken(key);

for (const [before, after] of [
  ["", ""],
  ["GET /a.ipa?v=1&token=", "&x=2"],
  ["/a|", "|b"],
  ["Cookie: token=", "; a=b"],
  ["https%3A%2F%2Fexample.com%2Fa%3Ftoken%3D", "%26x"],
] as const) {
  test(`a token between "${before}" and "${after}" is removed exactly, encoded or not`, () => {
    for (const written of [token, token.replaceAll(".", "%2E"), token.replaceAll(".", "%252e")]) {
      assert.equal(safeText(`${before}${written}${after}`), `${before}[token]${after}`);
    }
  });
}

test("a fingerprint, REDACTED and other short values are left unchanged", () => {
  for (const text of ["/a.ipa?token=794bc555", "/a.ipa?token=REDACTED&x", "token=abc"])
    assert.equal(safeText(text), text);
});

test("a private key is removed, with or without its BEGIN and END lines", () => {
  const pem = pemOf(key.privateKey);
  const body = pem.trim().split("\n").slice(1, -1).join("");
  for (const text of [pem, body, encodeURIComponent(body), pem.replace(/-----END.*/s, "")]) {
    assert.ok(!safeText(`a ${text} b`).includes(body.slice(100, 140)));
  }
});

test("characters that control a terminal or reverse the direction of text are escaped", () => {
  for (const character of "\u0000\u0007\u001b\n\r\t\u007f\u009b\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069") {
    const code = character.charCodeAt(0).toString(16).padStart(4, "0");
    assert.equal(safeText(`a${character}b`), `a\\u${code}b`);
    assert.equal(JSON.parse(withoutControls(`"\\u${code}"`)), character);
  }
  assert.equal(safeText("Größe 日本語 👍 עברית"), "Größe 日本語 👍 עברית");
  assert.equal(safeLines("one\ntwo\u001b"), "one\ntwo\\u001b");
});

for (const piece of [
  "eyJ",
  "eyJ.",
  "MII",
  "MII=",
  "-----BEGIN ",
  "-----BEGIN A PRIVATE KEY-----",
  "%2E",
  "\u001b",
  " ",
  "'",
]) {
  test(`text that repeats ${JSON.stringify(piece)} is made safe in linear time`, () => {
    assertLinear((length) => {
      const text = `a${piece.repeat(length / piece.length)}b`;
      safeText(text);
      stripQuotes(text);
    }, 200_000);
  });
}
