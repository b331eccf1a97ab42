import assert from "node:assert/strict";
import { test } from "node:test";
import { redactToken } from "@portcullis/core";
import fc from "fast-check";

test("redacting replaces the value in every spelling and leaves the rest unchanged", () => {
  assert.equal(redactToken("/a?x=1&token=secret#f"), "/a?x=1&token=REDACTED#f");
  assert.equal(redactToken("/a?%74oken=secret&token=other", "token", "1a2b3c4d"), "/a?token=1a2b3c4d&token=1a2b3c4d");
  assert.equal(
    redactToken("/a;token=eyJh.eyJz.c2ln?a=b?token=eyJh.eyJz.c2-_n#eyJh.e.c"),
    "/a;token=REDACTED?a=b?token=REDACTED#REDACTED",
  );
  assert.equal(redactToken("/a;t=eyJh%2EeyJz%2ec2ln/b"), "/a;t=REDACTED/b");
  assert.equal(redactToken("/eyJ.ipa?eyJ=1"), "/eyJ.ipa?eyJ=1");
  assert.equal(redactToken("/a?x=1"), "/a?x=1");
  assert.equal(redactToken("/a"), "/a");
  assert.equal(redactToken("/a?t=secret", "t"), "/a?t=REDACTED");
});

test("redacting leaves no signature of a token in any place or spelling, and changes nothing more the second time", () => {
  const short = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJBcHBNYW5pZmVzdCJ9.S-_S";
  const signature = "S-_".repeat(114);
  for (const spelling of [
    short,
    short.replaceAll(".", "%2E"),
    short.replaceAll(".", "%252e"),
    short.replaceAll(".", "%25252e"),
    `%65yJ${short.slice(3)}`,
    `%65%79%4a${short.slice(3).replaceAll(".", "%2e")}`,
    `%2565yJ${short.slice(3)}`,
    `%2${short}`,
    `%25${short.replaceAll(".", "%2e")}`,
    encodeURIComponent(`https://files.example/a?x=1&token=${short}`),
    `eyAiYWxnIjoiUlMyNTYifQ.e30.${signature}`,
    signature,
  ]) {
    for (const place of ["/T", "/a?Token=T", "/a?x=1;token=T&y", "/a#token=T", "/a?token[]=T", "?token=T&a=T"]) {
      const redacted = redactToken(place.replaceAll("T", spelling));
      assert.ok(!redacted.includes("S-_S"), redacted);
      assert.equal(redactToken(redacted), redacted);
    }
  }
  assert.equal(
    redactToken(`/a?u=https%3A%2F%2Fx%2Fa%3Ftoken%3D${short}`),
    "/a?u=https%3A%2F%2Fx%2Fa%3Ftoken%3DREDACTED",
  );
  assert.equal(redactToken("/xeyJh.eyJz.b"), "/xREDACTED");
  for (const kept of [`/${"a".repeat(341)}.ipa?x=%2565yJ.a`, "/%65yJ.a/b.c", "/a.b.eyJ.c", "/eyJ..", "/%25%zz%2"]) {
    assert.equal(redactToken(kept), kept);
  }
});

test("the whole value of the parameter is removed, including characters that no token contains", () => {
  assert.equal(redactToken("/a?token=half%20half,rest&x"), "/a?token=REDACTED&x");
  assert.equal(redactToken("/a?token=half+half", "token", "1a2b3c4d"), "/a?token=1a2b3c4d");
});

test("a fingerprint is written for the value of the parameter only, not for another token elsewhere", () => {
  assert.equal(redactToken("/eyJh.eyJz.c2ln/a?token=x.y.z", "token", "1a2b3c4d"), "/REDACTED/a?token=1a2b3c4d");
});

test("it never throws, whatever the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => void redactToken(text)),
    { numRuns: 2000 },
  );
});
