import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { freshToken } from "../support/link.ts";
import { startPortcullis } from "../support/portcullis-process.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { runTool } from "../support/tool.ts";

const base = temporaryFolder();
const key = signingKey();
const size = 200 * 1024 * 1024;
mkdirSync(join(base, "www"));
writeFileSync(join(base, "public.pem"), key.publicPem);
const content = Buffer.concat(Array.from({ length: size / 65_536 }, () => randomBytes(65_536)));
writeFileSync(join(base, "www/large.pkg"), content);
const hash = hashOf(content);

const portcullis = startPortcullis([
  ...["serve", join(base, "www"), "-k", join(base, "public.pem")],
  ...["--port", "0", "--host", "127.0.0.1", "--resume-grace", "0"],
]);
const port = await portcullis.port();
const link = () => `http://127.0.0.1:${port}/large.pkg?token=${freshToken(key)}`;

function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** An interrupted download: only its first bytes are there. */
function begun(name: string, bytes: number): string {
  const path = join(base, name);
  writeFileSync(path, content);
  truncateSync(path, bytes);
  return path;
}

/** The ranges that got a 206 since the log had this many lines. */
const rangesSince = (lines: number) =>
  portcullis.log.slice(lines).flatMap(({ status, range }) => (status === 206 ? [String(range)] : []));

test("curl downloads a large file, and resumes one with -C -", async () => {
  const path = join(base, "curl-whole");
  assert.equal((await runTool("curl", ["-fsS", "-o", path, link()])).code, 0);
  assert.equal(hashOf(readFileSync(path)), hash);
  const lines = portcullis.log.length;
  const part = begun("curl-part", 77_777_777);
  assert.equal((await runTool("curl", ["-fsS", "-C", "-", "-o", part, link()])).code, 0);
  assert.equal(hashOf(readFileSync(part)), hash);
  await portcullis.line(() => rangesSince(lines).includes("bytes=77777777-"));
});

test("wget resumes with -c", async () => {
  const lines = portcullis.log.length;
  const part = begun("wget-part", 123_456_789);
  const { code, stderr } = await runTool("wget", ["-nv", "-c", "-O", part, link()]);
  assert.equal(code, 0, stderr);
  assert.equal(hashOf(readFileSync(part)), hash);
  await portcullis.line(() => rangesSince(lines).includes("bytes=123456789-"));
});

test("aria2c downloads over several connections at the same time", async () => {
  const lines = portcullis.log.length;
  const args = ["-q", "-x8", "-s8", "-k1M", "--file-allocation=none", "-d", base, "-o", "aria2-whole", link()];
  const { code, stdout, stderr } = await runTool("aria2c", args);
  assert.equal(code, 0, stdout + stderr);
  assert.equal(hashOf(readFileSync(join(base, "aria2-whole"))), hash);
  await portcullis.line(() => rangesSince(lines).length >= 2);
});

test("curl is refused with 401 and the reason without a token, and sees no body of the file", async () => {
  const { code, stdout } = await runTool("curl", ["-sS", `http://127.0.0.1:${port}/large.pkg`, "-w", "%{http_code}"]);
  assert.equal(code, 0);
  assert.match(stdout, /"code":"token_missing"\}\n401$/);
});
