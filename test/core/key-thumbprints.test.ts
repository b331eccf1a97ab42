import assert from "node:assert/strict";
import { test } from "node:test";
import { keyThumbprints } from "@portcullis/core";
import { webSigningKey } from "../support/web-signing-key.ts";

test("the thumbprint of the example key in RFC 7638 section 3.1 is the one printed there", async () => {
  const n =
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
  const jwk = { kty: "RSA", n, e: "AQAB", alg: "RS256", kid: "2011-04-29" };
  assert.deepEqual(await keyThumbprints(jwk), ["NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"]);
});

test("thumbprints are in the order of their keys", async () => {
  const [first, second] = [(await webSigningKey()).publicPem, (await webSigningKey()).publicPem];
  const [one] = await keyThumbprints(first);
  const [two] = await keyThumbprints(second);
  assert.deepEqual(await keyThumbprints([second, first]), [two, one]);
  assert.notEqual(one, two);
});

test("a key that a gate refuses has no thumbprint", async () => {
  await assert.rejects(keyThumbprints("-----BEGIN NOTHING"), /^TypeError: keys: /);
});
