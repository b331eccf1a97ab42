import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { everyCombination, mapInBatches, withValidators } from "../../support/conditional-requests.ts";
import { freshToken } from "../../support/link.ts";
import { startPortcullis } from "../../support/portcullis-process.ts";
import { type RawRequest, rawRequest } from "../../support/raw-request.ts";
import { signingKey } from "../../support/signing-key.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const base = temporaryFolder();
const key = signingKey();
const content = randomBytes(1000);
const fiveGiB = 5 * 1024 ** 3;
const www = join(base, "www");
mkdirSync(www);
writeFileSync(join(base, "public.pem"), key.publicPem);
writeFileSync(join(www, "app.ipa"), content);
writeFileSync(join(www, "empty.pkg"), "");
writeFileSync(join(www, "huge.pkg"), "");
truncateSync(join(www, "huge.pkg"), fiveGiB);

const args = ["serve", www, "--key", join(base, "public.pem"), "--port", "0", "--host", "127.0.0.1"];
const port = await startPortcullis(args).port();

const get = (path: string, headers: RawRequest["headers"] = {}, method = "GET") =>
  rawRequest(port, `${path}?token=${freshToken(key)}`, { headers, method });

// RFC 9110 section 14.1.2, and cases that well-known libraries get wrong.
const satisfiable: [range: string, first: number, last: number][] = [
  ["bytes=0-0", 0, 0],
  ["bytes=0-499", 0, 499],
  ["bytes=500-999", 500, 999],
  ["bytes=999-999", 999, 999],
  ["bytes=999-", 999, 999],
  ["bytes=500-", 500, 999],
  ["bytes=0-", 0, 999],
  ["bytes=0-99999", 0, 999],
  ["bytes=-3", 997, 999],
  ["bytes=-1", 999, 999],
  ["bytes=-1000", 0, 999],
  ["bytes=-1001", 0, 999],
  ["bytes=-99999999999999999999", 0, 999],
  ["BYTES=1-2", 1, 2],
  ["bytes=0001-0002", 1, 2],
];
for (const [range, first, last] of satisfiable) {
  test(`${range} of 1000 bytes is ${first} to ${last}`, async () => {
    const { status, headers, body } = await get("/app.ipa", { Range: range });
    assert.equal(status, 206);
    assert.equal(headers["content-range"], `bytes ${first}-${last}/1000`);
    assert.equal(headers["content-length"], String(last - first + 1));
    assert.ok(body.equals(content.subarray(first, last + 1)));
  });
}

for (const range of ["bytes=1000-", "bytes=1000-1000", "bytes=99999-", "bytes=-0", "bytes=9007199254740993-"]) {
  test(`${range} of 1000 bytes is unsatisfiable`, async () => {
    const { status, headers } = await get("/app.ipa", { Range: range });
    assert.equal(status, 416);
    assert.equal(headers["content-range"], "bytes */1000");
  });
}

for (const range of [
  "bytes=0-1,5-6",
  "bytes=0-1,1-2",
  "bytes=0-,0-,0-",
  "bytes=5-2",
  "bytes=-",
  "bytes=",
  "bytes",
  "bytes=a-b",
  "bytes=0-1x",
  "bytes=--5",
  "bytes=+1-2",
  "bytes=0x1-2",
  "bytes=1.0-2",
  "bytes 0-1",
  "items=0-1",
  "0-1",
  "bytes=0 - 1",
]) {
  test(`${range} is a list, malformed or in another unit: the whole file is sent`, async () => {
    const { status, headers, body } = await get("/app.ipa", { Range: range });
    assert.equal(status, 200);
    assert.equal(headers["content-range"], undefined);
    assert.ok(body.equals(content));
  });
}

test("a repeated Range header gives the whole file", async () => {
  const { status, body } = await get("/app.ipa", [
    ["Range", "bytes=0-1"],
    ["Range", "bytes=5-6"],
  ]);
  assert.equal(status, 200);
  assert.ok(body.equals(content));
});

test("HEAD ignores a range and has the headers of GET of the whole file", async () => {
  const whole = await get("/app.ipa");
  const head = await get("/app.ipa", { Range: "bytes=0-1" }, "HEAD");
  assert.equal(head.status, 200);
  assert.equal(head.body.length, 0);
  const { date: _, ...expected } = whole.headers;
  const { date: __, ...headers } = head.headers;
  assert.deepEqual(headers, expected);
});

test("an empty file has an empty body, and every range is unsatisfiable", async () => {
  const { status, headers, body } = await get("/empty.pkg");
  assert.equal(status, 200);
  assert.equal(headers["content-length"], "0");
  assert.equal(body.length, 0);
  assert.equal((await get("/empty.pkg", { Range: "bytes=0-0" })).status, 416);
  assert.equal((await get("/empty.pkg", { Range: "bytes=-5" })).status, 416);
});

test("If-Range with the file's ETag gives the range, anything else the whole file", async () => {
  const { headers } = await get("/app.ipa");
  const etag = headers.etag ?? "";
  const date = headers["last-modified"] ?? "";
  assert.match(etag, /^"[^"]+"$/, "the ETag is strong");
  const status = async (ifRange: string) =>
    (await get("/app.ipa", { Range: "bytes=10-19", "If-Range": ifRange })).status;
  assert.equal(await status(etag), 206);
  assert.equal(await status(date), 200, "other versions can have the same date");
  const others = [`W/${etag}`, '"other"', `x${etag}`, `${etag}, "other"`, `"other", ${etag}`, "*", "x"];
  for (const other of others) assert.equal(await status(other), 200, other);
});

test("an If-Range that does not match takes precedence over an unsatisfiable range", async () => {
  const { status } = await get("/app.ipa", { Range: "bytes=5000-", "If-Range": '"old"' });
  assert.equal(status, 200);
});

test("If-None-Match and If-Modified-Since give 304 and no body", async () => {
  const { headers } = await get("/app.ipa");
  for (const condition of [
    { "If-None-Match": headers.etag ?? "" },
    { "If-None-Match": `W/${headers.etag}` },
    { "If-None-Match": "*" },
    { "If-Modified-Since": headers["last-modified"] ?? "" },
  ]) {
    const response = await get("/app.ipa", condition);
    assert.equal(response.status, 304);
    assert.equal(response.headers.etag, headers.etag);
    assert.equal(response.headers["cache-control"], "private");
    assert.equal(response.body.length, 0);
  }
  assert.equal((await get("/app.ipa", { "If-None-Match": '"other"' })).status, 200);
});

test("every combination of true and false conditions gives the status of RFC 9110 section 13.2.2", async () => {
  const { etag = "", "last-modified": date = "" } = (await get("/app.ipa", {}, "HEAD")).headers;
  const target = `/app.ipa?token=${freshToken(key)}`;
  await mapInBatches(everyCombination, async ({ headers, status }) => {
    const response = await rawRequest(port, target, { headers: withValidators(headers, etag, date) });
    assert.equal(response.status, status("GET"), JSON.stringify(headers));
    const body = { 200: content, 206: content.subarray(10, 20) }[response.status];
    if (body !== undefined) assert.ok(response.body.equals(body), JSON.stringify(headers));
  });
});

test("If-Match and If-Unmodified-Since that fail give 412", async () => {
  assert.equal((await get("/app.ipa", { "If-Match": '"other"' })).status, 412);
  const { mtimeMs } = statSync(join(www, "app.ipa"));
  const before = new Date(mtimeMs - 86_400_000).toUTCString();
  assert.equal((await get("/app.ipa", { "If-Unmodified-Since": before })).status, 412);
});

test("a range beyond 4 GiB is exact", async () => {
  const first = 2 ** 32 + 5;
  const { status, headers, body } = await get("/huge.pkg", { Range: `bytes=${first}-${first + 9}` });
  assert.equal(status, 206);
  assert.equal(headers["content-range"], `bytes ${first}-${first + 9}/${fiveGiB}`);
  assert.equal(body.length, 10);
  const head = await get("/huge.pkg", {}, "HEAD");
  assert.equal(head.headers["content-length"], String(fiveGiB));
});

test("media types, caching and security headers are what Apple's clients and shared caches need", async () => {
  const types: Record<string, string> = {
    "app.ipa": "application/octet-stream",
    "empty.pkg": "application/octet-stream",
    "m.plist": "text/xml",
    "book.epub": "application/epub+zip",
    "book.ibooks": "application/x-ibooks+zip",
    "book.PDF": "application/pdf",
  };
  for (const [name, type] of Object.entries(types)) {
    if (!name.startsWith("app") && !name.startsWith("empty")) writeFileSync(join(www, name), content);
    const { status, headers } = await get(`/${name}`, { "Accept-Encoding": "gzip, br, zstd" });
    assert.equal(status, 200);
    assert.equal(headers["content-type"], type, name);
    assert.equal(headers["content-encoding"], undefined);
    assert.equal(headers["cache-control"], "private");
    assert.equal(headers["referrer-policy"], "no-referrer");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["accept-ranges"], "bytes");
  }
});

test("the ETag changes when the file does, even to one of the same size", async () => {
  writeFileSync(join(www, "changing.ipa"), "first");
  const first = await get("/changing.ipa");
  writeFileSync(join(www, "changing.ipa"), "other");
  const second = await get("/changing.ipa", { Range: "bytes=1-", "If-Range": first.headers.etag ?? "" });
  assert.equal(second.status, 200);
  assert.equal(second.body.toString(), "other");
  assert.notEqual(second.headers.etag, first.headers.etag);
});
