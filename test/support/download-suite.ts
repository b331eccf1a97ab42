import assert from "node:assert/strict";
import { test } from "node:test";
import { freshToken } from "./link.ts";
import { rawRequest } from "./raw-request.ts";
import type { SigningKey } from "./signing-key.ts";

/** Names that a URL cannot contain unchanged. */
export const oddNames: readonly string[] = ["field notes.ipa", "a#b.ipa", "100%.ipa", "café.ipa"];

/** The content of every file with an odd name. */
export const oddContent = "the whole file";

/** A running server for a folder that contains files with these names. */
export interface DownloadServer {
  readonly port: number;
  /** The path below which the files are. */
  readonly under: string;
  readonly key: SigningKey;
  /** Set if the framework removes `Content-Length`. */
  readonly hidesLength?: boolean;
}

type Ask = (name: string, headers?: Record<string, string>, method?: string) => ReturnType<typeof rawRequest>;

/** Tests for everything that serves downloads: it finds odd names, resumes, and distinguishes a missing file from a fault. */
export function testDownloads(name: string, start: () => Promise<DownloadServer>): void {
  const ask = async (...[file, headers = {}, method = "GET"]: Parameters<Ask>) => {
    const { port, under, key } = await start();
    return rawRequest(port, `${under}${file}?token=${freshToken(key)}`, { headers, method });
  };

  for (const odd of oddNames) {
    test(`${name} serves ${odd} by GET, HEAD and a resumed download`, async () => {
      await assertServes(encodeURIComponent(odd), ask, (await start()).hidesLength === true);
    });
  }

  test(`${name} responds with 404 for a missing file, and serves nothing beside the folder`, async () => {
    for (const missing of ["missing.ipa", "field%20notes.epub", "caf%C3%A8.ipa"]) {
      for (const method of ["GET", "HEAD"]) assert.equal((await ask(missing, {}, method)).status, 404, missing);
    }
    for (const outside of ["../key.pem", "%2e%2e/key.pem", "..%2fkey.pem", "..%252fkey.pem", "key.pem"]) {
      const { status, body } = await ask(outside);
      assert.ok(status < 500 && !body.includes("PRIVATE KEY"), `${outside}: ${status}`);
      assert.notEqual(status, 200, outside);
    }
  });
}

async function assertServes(name: string, ask: Ask, hidesLength: boolean): Promise<void> {
  const length = hidesLength ? undefined : "14";
  const whole = await ask(name);
  assert.equal(whole.status, 200);
  assert.equal(whole.headers["content-length"], length);
  if (!hidesLength) assert.equal(whole.body.toString(), oddContent);
  assert.equal(whole.headers["accept-ranges"], "bytes");
  assert.equal(whole.headers["content-type"], "application/octet-stream");
  assert.equal(whole.headers["cache-control"], "private");
  const { etag = "" } = whole.headers;
  assert.match(etag, /^"[^"]+"$/, "a strong ETag");

  const head = await ask(name, {}, "HEAD");
  assert.deepEqual([head.status, head.headers["content-length"], head.body.length], [200, length, 0]);

  const resumed = await ask(name, { Range: "bytes=10-", "If-Range": etag });
  assert.deepEqual([resumed.status, resumed.headers["content-range"]], [206, "bytes 10-13/14"]);
  assert.ok(resumed.body.includes("file") && !resumed.body.includes("whole"));
  const replaced = await ask(name, { Range: "bytes=10-", "If-Range": '"another"' });
  assert.equal(replaced.status, 200);
  assert.ok(replaced.body.includes(oddContent));
  assert.equal((await ask(name, { Range: "bytes=14-" })).status, 416);
  assert.equal((await ask(name, { "If-None-Match": etag })).status, 304);
}
