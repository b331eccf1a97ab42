import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { ask } from "../../support/ask.ts";
import { freshToken } from "../../support/link.ts";
import { startPortcullis } from "../../support/portcullis-process.ts";
import { rawRequest } from "../../support/raw-request.ts";
import { runMain } from "../../support/run-main.ts";
import { servedFolder } from "../../support/served-folder.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** A private web server whose file is replaced between being opened and being read as often as `replacements` says. */
let replacements = 0;
let version = 1;
let failure: number | undefined;
const digest = (): string => `"${String(version).padStart(32, "0")}"`;
let etagOf = digest;
/** Without those of the check whether the server has its files for anyone, which sends no credentials. */
let requests = 0;
let isDown = false;
const store = createServer(({ headers, url = "" }, response) => {
  if (headers.authorization !== undefined) requests += 1;
  if (isDown) return response.destroy();
  if (!url.startsWith("/apps/a.ipa")) return response.writeHead(404).end();
  const etag = etagOf();
  if (headers["if-match"] === undefined) {
    response.writeHead(206, { ETag: etag, "Content-Range": "bytes 0-0/1000", "Content-Length": 1 }).end("x");
    if (replacements > 0) version += 1;
    if (replacements > 0) replacements -= 1;
    return;
  }
  if (failure !== undefined) return response.writeHead(failure).end();
  if (headers["if-match"] !== etag) return response.writeHead(412).end();
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
  response.writeHead(206, { ETag: etag, "Content-Range": `bytes ${first}-${last}/1000` });
  response.end(String(version % 10).repeat(Number(last) - Number(first) + 1));
}).listen(0, "127.0.0.1");
await once(store, "listening");
after(() => store.close().closeAllConnections());

const { key, base } = servedFolder({});
const url = `http://127.0.0.1:${(store.address() as AddressInfo).port}/apps/`;
const args = ["-k", `${base}/public.pem`, "--host", "127.0.0.1", "--port", "0", "--resume-grace", "10m"];
const portcullis = startPortcullis(["serve", url, ...args]);
const good = (): string => `/a.ipa?token=${freshToken(key)}`;

test("a file that is replaced while it is opened is sent in its new version, with one log line", async () => {
  const port = await portcullis.port();
  replacements = 2;
  const { status, headers, body } = await rawRequest(port, good());
  assert.deepEqual([status, headers.etag, body.toString()], [200, digest(), String(version).repeat(1000)]);
  const line = await portcullis.line(({ event }) => event === "download");
  assert.deepEqual([line.status, line.bytes, line.complete, line.problem], [200, 1000, true, undefined]);
  assert.equal(portcullis.log.filter(({ event }) => event === "download").length, 1);
});

test("an expired token that can resume one version gets nothing of the next", async () => {
  const port = await portcullis.port();
  const target = `/a.ipa?token=${freshToken(key, -120)}`;
  const headers = { Range: "bytes=500-", "If-Range": digest() };
  const resumed = await rawRequest(port, target, { headers });
  assert.deepEqual([resumed.status, resumed.body.length], [206, 500]);
  replacements = 1;
  const refused = await rawRequest(port, target, { headers });
  assert.equal(refused.status, 401);
  assert.equal(refused.headers.etag, undefined);
  const line = await portcullis.line(({ status }) => status === 401);
  assert.deepEqual([line.code, line.resumed, line.problem], ["token_expired", undefined, undefined]);
});

for (const [server, etag] of Object.entries({
  nginx: '"6a1b2c3d-3e8"',
  "Apache httpd": '"3e8-60b1c2d3e4f50"',
  "Apache httpd with inodes": '"1a2b3c4d-1f5e1000-60b1c2d3e4f50"',
  Caddy: '"dbrkd3ad0qpors"',
  Azure: '"0x8DE2F6A1B2C3D4E"',
})) {
  test(`an expired token resumes nothing with the ETag of ${server}, which can be guessed, and the log says so`, async () => {
    const port = await portcullis.port();
    etagOf = () => etag;
    const headers = { Range: "bytes=500-", "If-Range": etag };
    const refused = await rawRequest(port, `/a.ipa?token=${freshToken(key, -120)}&${server.length}`, { headers });
    const resumed = await rawRequest(port, good(), { headers });
    etagOf = digest;
    assert.deepEqual([refused.status, resumed.status], [401, 206]);
    const line = await portcullis.line(({ problem, status }) => status === 401 && problem !== undefined);
    assert.match(String(line.problem), /can be guessed, so --resume-grace has no effect/);
  });
}

for (const [given, status] of [
  [403, 502],
  [503, 503],
] as const) {
  test(`a store that returns ${given} for the bytes gives ${status} with Retry-After, and a problem in the log`, async () => {
    failure = given;
    const response = await rawRequest(await portcullis.port(), good());
    failure = undefined;
    assert.deepEqual([response.status, response.headers["retry-after"]], [status, "2"]);
    const line = await portcullis.line((one) => one.status === status);
    assert.match(String(line.problem), new RegExp(`^the web server .*status ${given}`));
  });
}

test("serve ends if the bucket refuses, and says why and what to do", async () => {
  const service = createServer((_request, response) => {
    response.writeHead(403, { "Content-Type": "application/xml" });
    response.end(
      `<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code><Message>of the service</Message></Error>`,
    );
  }).listen(0, "127.0.0.1");
  await once(service, "listening");
  const endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const env = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
  const run = await runMain(["serve", "s3://apps/prod", ...args, "--endpoint", endpoint], { env });
  service.close().closeAllConnections();
  assert.equal(run.code, 3);
  const problem = "portcullis: s3://apps/prod: the bucket apps refused: SignatureDoesNotMatch: ";
  assert.ok(run.stderr.startsWith(problem), run.stderr);
  assert.match(run.stderr, /check AWS_SECRET_ACCESS_KEY/);
});

test("a cache in a folder that other users can write to ends the command, naming the option", async () => {
  const folder = temporaryFolder();
  chmodSync(folder, 0o777);
  const run = await runMain(["serve", url, ...args, "--cache", folder]);
  assert.equal(run.code, 3);
  assert.match(run.stderr, /^portcullis: --cache: .* can be written to by other users; run: chmod go-w \//);
});

/** Starts `serve` with a cache that has the file, and returns how to download it and how to read a metric. */
async function startCached(...options: string[]) {
  const folder = temporaryFolder();
  const [status, header] = [join(folder, "status.sock"), join(folder, "header.txt")];
  writeFileSync(header, "Authorization: Bearer of-the-gate\n", { mode: 0o600 });
  const cached = startPortcullis([
    "serve",
    url,
    ...args,
    "--cache",
    join(folder, "cache"),
    "--origin-header-file",
    header,
    "--status",
    status,
    ...options,
  ]);
  const port = await cached.port();
  const before = requests;
  const download = () => rawRequest(port, good());
  const metric = async (name: string): Promise<number> => {
    const { body } = await ask({ socketPath: status, path: "/metrics" });
    const lines = body.split("\n").filter((line) => /^[^ {]*/.exec(line)?.[0] === `portcullis_${name}`);
    assert.ok(lines.length > 0, `${name}: ${body}`);
    return lines.reduce((sum, line) => sum + Number(line.split(" ")[1]), 0);
  };
  // The file is in the cache soon after it has been sent.
  for (const deadline = Date.now() + 60_000; (await metric("cache_hits_total")) === 0; ) {
    assert.ok(Date.now() < deadline, "the file is not sent from the cache");
    const { status, body } = await download();
    assert.deepEqual([status, body.length], [200, 1000]);
  }
  return { download, metric, asked: () => requests - before };
}

test("with --cache-refresh, a cached file is sent without asking the web server; the metrics count what was asked", async () => {
  const { download, metric, asked } = await startCached("--cache-refresh", "1h");
  const [before, hits] = [asked(), await metric("cache_hits_total")];
  const { status, headers, body } = await download();
  assert.deepEqual([status, body.length], [200, 1000]);
  assert.match(String(headers.age), /^\d+$/);
  assert.equal(asked(), before);
  assert.ok(before > 0);
  assert.equal(await metric("origin_requests_total"), before);
  assert.equal(await metric("origin_request_seconds_count"), before);
  assert.ok((await metric("origin_request_seconds_sum")) > 0);
  assert.equal(await metric("cache_hits_total"), hits + 1);
  assert.ok((await metric("cache_misses_total")) > 0);
  assert.deepEqual([await metric("cache_stale_total"), await metric("cache_evictions_total")], [0, 0]);
  assert.ok((await metric("cache_bytes")) >= 1000);
});

test("without --cache-refresh, the web server is asked on every request", async () => {
  const { download, asked } = await startCached();
  const before = asked();
  assert.equal((await download()).status, 200);
  assert.equal(asked(), before + 1);
});

for (const [options, status, stale] of [
  [[], 200, 1],
  [["--cache-fresh-only"], 503, 0],
] as const) {
  test(`while the web server is down, a cached file gives ${status} ${options.join("") || "by default"}`, async () => {
    const { download, metric } = await startCached(...options);
    isDown = true;
    const response = await download();
    isDown = false;
    assert.equal(response.status, status);
    assert.equal(await metric("cache_stale_total"), stale);
  });
}

test("a SOURCE that is refused is reported without its password, access key or signature", async () => {
  for (const [source, problem] of [
    [
      "https://user:hunter2@files.internal/apps/",
      /^portcullis: https:\/\/….files\.internal\/apps\/: url: remove the user name/,
    ],
    [
      "https://files.internal/apps/?sig=hunter2",
      /^portcullis: https:\/\/files\.internal\/apps\/: url: remove the query/,
    ],
    ["s3://AKIAEXAMPLE:hunter2/more@apps/prod", /^portcullis: s3:\/\/….apps\/prod: bucket: must be 3 to 63/],
    [
      "azblob://account/container?sig=hunter2",
      /^portcullis: azblob:\/\/account\/container: container: must be 3 to 63/,
    ],
    ["azblob://account?sig=hunter2", /^portcullis: azblob:\/\/account: use azblob/],
  ] as const) {
    const env = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AZURE_STORAGE_KEY: "AAAA" };
    const { code, stderr } = await runMain(["serve", source, "-k", `${base}/public.pem`], { env });
    assert.equal(code, 2, stderr);
    assert.match(stderr, problem);
    assert.doesNotMatch(stderr, /hunter2/);
  }
});
