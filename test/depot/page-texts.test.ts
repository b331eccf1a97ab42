import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSize } from "../../packages/depot/src/admin/page.tsx";
import { sentences } from "../../packages/depot/src/admin/sentences.ts";
import { formatDate } from "../../packages/depot/src/admin/time.tsx";
import { isValid } from "../../packages/depot/src/admin/validity.tsx";

for (const [bytes, text] of [
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1000, "1.0 kB"],
  [9999, "10.0 kB"],
  [99_949, "99.9 kB"],
  [99_950, "100 kB"],
  [100_000, "100 kB"],
  [999_499, "999 kB"],
  [999_500, "1.0 MB"],
  [999_950, "1.0 MB"],
  [1e6, "1.0 MB"],
  [99_950_000, "100 MB"],
  [999_499_999, "999 MB"],
  [999_500_000, "1.0 GB"],
  [2.55e9, "2.5 GB"],
  [5e13, "50000 GB"],
] as const) {
  test(`${bytes} bytes are shown as ${text}`, () => assert.equal(formatSize(bytes), text));
}

for (const [date, text] of [
  ["2028-01-04T00:00:00Z", "4 Jan 2028"],
  ["2026-12-31T23:59:59Z", "31 Dec 2026"],
  ["2026-06-15T12:00:00Z", "15 Jun 2026"],
] as const) {
  test(`${date} is shown as ${text}`, () => assert.equal(formatDate(Date.parse(date) / 1000), text));
}

test("every month has its name", () => {
  const names = Array.from({ length: 12 }, (_, month) => formatDate(Date.UTC(2026, month, 1) / 1000).split(" ")[1]);
  assert.equal(names.join(" "), "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec");
});

for (const [message, remedy, text] of [
  ["the file is empty", undefined, "The file is empty."],
  ["the file is empty", "Choose another one", "The file is empty. Choose another one."],
  ["no, not this", "use a, b", "No, not this. Use a, b."],
  ["https://a.example: refused", undefined, "https://a.example: refused."],
  ["com.example.app is not published", undefined, "com.example.app is not published."],
  ["app-1 is not published", undefined, "app-1 is not published."],
  ["url: must be https", undefined, "Url: must be https."],
  ["Already a sentence", undefined, "Already a sentence."],
] as const) {
  test(`an error is shown as sentences: ${text}`, () => assert.equal(sentences({ message, remedy }), text));
}

test("a link or a token works until the second at which it expires, unless it has been revoked", () => {
  for (const [revokedAt, expiresAt, valid] of [
    [undefined, undefined, true],
    [undefined, 101, true],
    [undefined, 100, false],
    [undefined, 99, false],
    [99, undefined, false],
    [99, 200, false],
    [0, undefined, false],
  ] as const)
    assert.equal(isValid({ revokedAt, expiresAt, now: 100 }), valid, `${revokedAt} ${expiresAt}`);
});
