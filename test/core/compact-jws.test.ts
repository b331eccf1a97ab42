import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate } from "@portcullis/core";
import { stopwatch } from "../support/assert-linear.ts";
import { jamfClaims, segment, signatureOf, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

const key = await webSigningKey();
const gate = createGate({ keys: key.publicPem, now: () => testTime });

async function codeFor(token: string): Promise<string> {
  const decision = await gate.check(`/a?token=${token}`);
  return decision.allowed ? "allowed" : decision.code;
}

/** A token of the given segments, unchanged, with a valid signature over them. */
async function signed(header: string, payload: string): Promise<string> {
  return `${header}.${payload}.${await signatureOf(key, `${header}.${payload}`)}`;
}

const header = segment({ alg: "RS256" });
const payload = segment(jamfClaims);
const token = await webSignToken(key);
const signature = token.split(".")[2] as string;

const malformed: Record<string, string> = {
  "an empty token": "",
  "one segment": header,
  "two segments": `${header}.${payload}`,
  "four segments": `${token}.${signature}`,
  "a JWE's five segments": `${header}.${payload}.${signature}.${payload}.${payload}`,
  "an empty header": `.${payload}.${signature}`,
  "an empty payload": `${header}..${signature}`,
  "an empty signature": `${header}.${payload}.`,
  "a trailing dot": `${token}.`,
  "a leading dot": `.${token}`,
  padding: `${token}=`,
  "padding, percent-encoded": `${token}%3D%3D`,
  "standard base64 letters": `${header}.${payload}.${signature.slice(0, -1)}/`,
  "a plus sign, which is a space in forms": `${header}.${payload}.${signature.slice(0, -1)}+`,
  "a space before": `%20${token}`,
  "a line feed after": `${token}%0A`,
  "a NUL": `${token}%00`,
  "a letter beyond ASCII": `${header}.${payload}.${signature.slice(0, -1)}\u0130`,
  "a letter beyond ASCII, percent-encoded": `${header}.${payload}.${signature.slice(0, -1)}%C4%B0`,
  "quotes around": `%22${token}%22`,
  "a scheme in front": `Bearer%20${token}`,
  "JSON serialisation": encodeURIComponent(JSON.stringify({ payload, protected: header, signature })),
  "a length that base64url cannot have": `${header}.${payload}.${signature}AAA`,
};

for (const [name, text] of Object.entries(malformed)) {
  test(`${name} is malformed`, async () => assert.equal(await codeFor(text), "token_malformed"));
}

test("without exactly three segments a token is malformed, whatever its header says", async () => {
  const unsigned = segment({ alg: "none" });
  for (const rest of ["", payload, `.${signature}`, `${payload}.`, `${payload}..`, `${payload}.${signature}.`]) {
    assert.equal(await codeFor(`${unsigned}.${rest}`), "token_malformed", rest);
  }
  const encrypted = segment({ alg: "RSA-OAEP", enc: "A256GCM" });
  for (const rest of [`${payload}.${signature}.${payload}.AAAA`, `.${payload}.${signature}.AAAA`, `.${payload}.AAAA`]) {
    assert.equal(await codeFor(`${encrypted}.${rest}`), "token_malformed", rest);
  }
});

test("another header as long as Jamf Pro's is validated, even if Jamf Pro's is elsewhere in the token", async () => {
  const other = segment({ alg: "HS256" });
  assert.equal(other.length, header.length);
  for (const token of [`${other}.${payload}.${signature}${header}`, `${other}.${header}.${signature}`]) {
    assert.equal(await codeFor(token), "algorithm_not_allowed");
  }
});

test("a token of 4096 characters is checked; one character more is too long", async () => {
  const filler = (length: number) => `${header}.${payload}.`.padEnd(length, "A");
  assert.equal(await codeFor(filler(4096)), "signature_invalid");
  assert.equal(await codeFor(filler(4097)), "token_too_long");
  assert.equal(await codeFor("A".repeat(1_000_000)), "token_too_long");
});

const notObjects = [
  "[]",
  '"text"',
  "1",
  "null",
  "true",
  "{",
  "",
  "{}x",
  '{"a":1,}',
  "\uFEFF{}",
  "{'a':1}",
  '[{"alg":"RS256"}]',
];

test("a header that is not one JSON object is malformed", async () => {
  for (const text of notObjects.filter(Boolean)) {
    assert.equal(await codeFor(await signed(segment(text), payload)), "token_malformed", text);
  }
});

test("a payload that is not one JSON object is malformed, even if its signature holds", async () => {
  for (const text of notObjects.filter(Boolean)) {
    assert.equal(await codeFor(await signed(header, segment(text))), "token_malformed", text);
  }
});

test("text in UTF-16 or broken UTF-8 is malformed", async () => {
  const utf16 = Uint8Array.from(
    JSON.stringify(jamfClaims)
      .split("")
      .flatMap((c) => [c.charCodeAt(0), 0]),
  );
  const broken = new TextEncoder()
    .encode(JSON.stringify({ ...jamfClaims, x: "?" }))
    .map((byte) => (byte === 63 ? 0xff : byte));
  const overlong = Uint8Array.of(0xc0, 0xfb, ...new TextEncoder().encode('"exp":1}'));
  for (const bytes of [utf16, broken, overlong]) {
    assert.equal(await codeFor(await signed(header, segment(bytes))), "token_malformed");
  }
});

test("Jamf Pro's header with more text after it is validated as a different header", async () => {
  assert.equal(await codeFor(await signed(`${header}AAAA`, payload)), "token_malformed");
  assert.equal(await codeFor(await signed(`${header.slice(0, -1)}`, payload)), "token_malformed");
});

test("if a member name is duplicated, the last one wins, as RFC 7519 section 4 allows", async () => {
  const text = '{"sub":"x","sub":"AppManifest","iss":"JSS","exp":1,"exp":1503324914}';
  assert.equal(await codeFor(await signed(header, segment(text))), "allowed");
});

test("white space and key order in the JSON do not matter", async () => {
  const text = `{ "exp" : ${jamfClaims.exp}, \n "iss":"JSS", "sub": "AppManifest" }`;
  assert.equal(await codeFor(await signed(segment('{ "alg" : "RS256" }'), segment(text))), "allowed");
});

test("stray bits at the end of header or payload are malformed, even if signed", async () => {
  const stray = (text: string) => text.slice(0, -1) + String.fromCharCode(text.charCodeAt(text.length - 1) + 1);
  const claims = segment({ ...jamfClaims, x: "" });
  const candidates = [segment({ ...jamfClaims, x: "a" }), segment({ ...jamfClaims, x: "ab" }), claims];
  const withSpareBits = candidates.find((text) => text.length % 4 === 2) as string;
  assert.equal(await codeFor(await signed(header, withSpareBits)), "allowed");
  assert.equal(await codeFor(await signed(header, stray(withSpareBits))), "token_malformed");
});

test("JSON nested more than 16 levels deep is malformed, wherever it is, and costs neither stack nor time", async () => {
  const nested = (depth: number, [open, close] = ["[", "]"]) => open.repeat(depth) + 1 + close.repeat(depth);
  const claims = (value: string) => segment(`{"iss":"JSS","sub":"AppManifest","exp":${jamfClaims.exp},"x":${value}}`);
  assert.equal(await codeFor(await signed(header, claims(nested(16)))), "allowed");
  assert.equal(await codeFor(await signed(header, claims(nested(17)))), "token_malformed");
  for (const depth of [100, 1000, 5000, 100_000]) {
    for (const value of [nested(depth), nested(depth, ['{"a":', "}"]), "[".repeat(depth)]) {
      const code = depth < 500 ? "token_malformed" : /token_(malformed|too_long)/;
      for (const hostile of [
        `${header}.${claims(value)}.AAAA`,
        `${segment(`{"alg":"RS256","x":${value}}`)}.${payload}.AAAA`,
      ]) {
        const elapsed = stopwatch();
        assert.match(await codeFor(hostile), new RegExp(code));
        assert.ok(elapsed() < 500_000);
      }
    }
  }
});
