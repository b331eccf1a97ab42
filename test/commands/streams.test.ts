import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { freshToken } from "../support/link.ts";
import { portcullisCommand } from "../support/portcullis-process.ts";
import { pemOf } from "../support/private-key.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const key = signingKey();
writeFileSync(join(folder, "public.pem"), key.publicPem);
writeFileSync(join(folder, "key.pem"), pemOf(key.privateKey), { mode: 0o600 });
writeFileSync(join(folder, "access.log"), `GET /a.ipa?token=${freshToken(key)} HTTP/1.1\n`.repeat(2000));

/** Runs a line of shell in which `portcullis` is the command, in the folder of the keys. */
function shell(script: string, stdin = ""): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const command = portcullisCommand().map((word) => `'${word}'`);
  const child = spawn("bash", ["-c", `portcullis() { ${command.join(" ")} "$@"; }\n${script}`], { cwd: folder });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  child.stdin.end(stdin);
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

test("a signed link can be piped into inspect, whose exit code is that of the pipeline", async () => {
  const script =
    "portcullis sign https://example.com/a.ipa --private-key key.pem | portcullis inspect - --key public.pem";
  const { code, stdout, stderr } = await shell(script);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^VALID: it opens downloads for another (5 min|4 min 5\d s)\./);
  assert.ok(!stdout.includes("\u001b"), "no colours in a pipe");
});

for (const [script, code] of [
  ["portcullis inspect not-a-token --key public.pem", 1],
  ["portcullis inspect --key public.pem", 2],
  ["portcullis inspect x --key nothing.pem", 3],
  ["portcullis scan-logs access.log --key public.pem", 1],
  ["portcullis redact < access.log | portcullis scan-logs - --key public.pem", 0],
  ["portcullis scan-logs nothing.log", 3],
  ["portcullis advise access.log", 3],
  ["portcullis manifest --lint access.log", 1],
  ["portcullis probe http://127.0.0.1:1/a.ipa", 3],
  ["portcullis probe https://example.invalid/a.ipa", 2],
  ["portcullis keygen --out key.pem --public-out other.pem", 3],
] as const) {
  test(`exit code ${code}: ${script}`, async () => {
    const run = await shell(script);
    assert.equal(run.code, code, run.stderr);
    assert.doesNotMatch(run.stderr, /\n {4}at /);
  });
}

test("results go to standard output and everything else to standard error", async () => {
  const { stdout, stderr } = await shell("portcullis pubkey key.pem");
  assert.equal(stdout, key.publicPem);
  assert.match(stderr, /^thumbprint [\w-]{43}\n$/);
});

test("with --json an error is JSON too", async () => {
  const { stdout, stderr } = await shell("portcullis inspect x --key nothing.pem --json");
  assert.equal(stdout, "");
  assert.equal(JSON.parse(stderr).error.exitCode, 3);
});

test("a reader that closes early causes no stack trace", async () => {
  for (const command of ["scan-logs access.log", "inspect x", "pubkey key.pem"]) {
    const { stderr } = await shell(`portcullis ${command} | true`);
    assert.doesNotMatch(stderr, /EPIPE|\n {4}at /);
  }
});

test("if a result cannot be written because the disk is full, the command fails", async () => {
  for (const command of ["pubkey key.pem", "inspect x", "completion bash", "--help"]) {
    const { code, stderr } = await shell(`portcullis ${command} > /dev/full`);
    assert.equal(code, 3, command);
    assert.match(stderr, /portcullis: the result could not be written: no space left on device\n$/);
  }
});
