import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { ask } from "../support/ask.ts";
import { freshToken } from "../support/link.ts";
import { startPortcullis } from "../support/portcullis-process.ts";
import { rawRequest, sendBytes } from "../support/raw-request.ts";
import { runMain } from "../support/run-main.ts";
import { servedFolder } from "../support/served-folder.ts";
import { signingKey } from "../support/signing-key.ts";

const { base, key, args: serveArgs, start: started } = servedFolder({ "app.ipa": "0123456789" });

test("health, readiness and metrics have an address of their own, and none on that of the files", async () => {
  const status = join(base, "status.sock");
  const portcullis = started("--status", status);
  const port = await portcullis.port();
  await rawRequest(port, `/app.ipa?token=${freshToken(key)}`);
  await rawRequest(port, "/app.ipa");
  await portcullis.line(({ code }) => code === "token_missing");
  assert.equal((await ask({ socketPath: status, path: "/healthz" })).body, "alive\n");
  assert.equal((await ask({ socketPath: status, path: "/readyz" })).body, "ready\n");
  assert.equal((await ask({ socketPath: status, path: "/app.ipa" })).status, 404);
  const { body, type } = await ask({ socketPath: status, path: "/metrics" });
  assert.match(type, /^text\/plain; version=0\.0\.4/);
  for (const line of [
    'portcullis_decisions_total{code="allowed"} 1',
    'portcullis_decisions_total{code="token_missing"} 1',
    'portcullis_decisions_total{code="token_expired"} 0',
    "portcullis_sent_bytes_total 10",
    "portcullis_requests_in_flight 0",
    "portcullis_key_load_errors_total 0",
    "portcullis_report_only 0",
    'portcullis_responses_total{status="200"} 1',
  ]) {
    assert.ok(body.split("\n").includes(line), line);
  }
  assert.match(body, /portcullis_key_last_matched_timestamp_seconds\{key="[\w-]{43}"\} \d{10}/);
  assert.match(body, /portcullis_keys_loaded_timestamp_seconds \d{10}/);
  for (const path of ["/healthz", "/readyz", "/metrics"]) {
    assert.equal((await rawRequest(port, path)).status, 401);
  }
});

test("--report-only lets everything through, and says so loudly, in each line and in the metrics", async () => {
  const status = join(base, "report.sock");
  const portcullis = started("--report-only", "--status", status);
  const port = await portcullis.port();
  await portcullis.line(({ level, msg }) => level === "warn" && msg?.startsWith("REPORT ONLY") === true);
  assert.equal((await rawRequest(port, "/app.ipa")).status, 200);
  const line = await portcullis.line(({ event }) => event === "download");
  assert.deepEqual([line.code, line.status, line.reportOnly], ["token_missing", 200, true]);
  const { body } = await ask({ socketPath: status, path: "/metrics" });
  assert.match(body, /^portcullis_report_only 1$/m);
  assert.match(body, /^portcullis_report_only_let_through_total 1$/m);
});

test("--resume-grace lets an expired token finish a download that it can prove to have begun", async () => {
  const portcullis = started("--resume-grace", "10");
  const port = await portcullis.port();
  const etag = (await rawRequest(port, `/app.ipa?token=${freshToken(key)}`)).headers.etag ?? "";
  const resume = async (token: string, headers: Record<string, string>, method = "GET") =>
    (await rawRequest(port, `/app.ipa?token=${token}`, { headers, method })).status;
  const good = { Range: "bytes=5-", "If-Range": etag };
  const expired = freshToken(key, -300);
  assert.equal(await resume(expired, good), 206);
  const { code, secondsLeft } = await portcullis.line(({ resumed }) => resumed === true);
  assert.equal(code, "token_expired");
  assert.ok(Number(secondsLeft) <= -300);

  assert.equal(await resume(expired, {}), 401, "no range");
  assert.equal(await resume(expired, { Range: "bytes=5-" }), 401, "no If-Range");
  assert.equal(await resume(expired, { Range: "bytes=0-", "If-Range": etag }), 401, "from the beginning");
  assert.equal(await resume(expired, { Range: "bytes=-5", "If-Range": etag }), 401, "a suffix may be everything");
  assert.equal(await resume(expired, { ...good, "If-Range": '"other"' }), 401, "another version");
  assert.equal(await resume(expired, { ...good, "If-Range": `W/${etag}` }), 401, "a weak validator");
  const date = new Date().toUTCString();
  assert.equal(await resume(expired, { ...good, "If-Range": date }), 401, "a date can be guessed");
  assert.equal(await resume(expired, good, "HEAD"), 401);
  assert.equal(await resume(freshToken(key, -700), good), 401, "too long ago");
  assert.equal(await resume(freshToken(signingKey(), -300), good), 401, "another key");
  assert.equal(await resume(freshToken(key, -300, "Other"), good), 401, "another subject");
  const absent = await rawRequest(port, `/absent.ipa?token=${expired}`, { headers: good });
  assert.equal(absent.status, 401, "an expired token does not learn which files there are");
});

test("without --resume-grace an expired token resumes nothing", async () => {
  const port = await started().port();
  const etag = (await rawRequest(port, `/app.ipa?token=${freshToken(key)}`)).headers.etag ?? "";
  const headers = { Range: "bytes=5-", "If-Range": etag };
  assert.equal((await rawRequest(port, `/app.ipa?token=${freshToken(key, -61)}`, { headers })).status, 401);
});

test("the address in the log is the peer's, and only with --trust-proxy what a proxy reports", async () => {
  for (const [flags, expected] of [
    [[], "127.0.0.1"],
    [["--trust-proxy"], "192.0.2.7"],
  ] as const) {
    const portcullis = started(...flags);
    const headers = { "X-Forwarded-For": "203.0.113.99, 192.0.2.7" };
    await rawRequest(await portcullis.port(), "/app.ipa", { headers });
    assert.equal((await portcullis.line(({ event }) => event === "download")).address, expected);
  }
});

test("policy options reach the gate: parameter, skew, lifetime, issuer and subject", async () => {
  const strict = await started("--token-parameter", "t", "--clock-skew", "0", "--max-lifetime", "5").port();
  const status = async (port: number, path: string) => (await rawRequest(port, path)).status;
  assert.equal(await status(strict, `/app.ipa?t=${freshToken(key, 200)}`), 200);
  assert.equal(await status(strict, `/app.ipa?token=${freshToken(key, 200)}`), 401);
  assert.equal(await status(strict, `/app.ipa?t=${freshToken(key, 400)}`), 401);
  assert.equal(await status(strict, `/app.ipa?t=${freshToken(key, -1)}`), 401);
  const other = await started("--subject", "Other").port();
  assert.equal(await status(other, `/app.ipa?token=${freshToken(key, 200, "Other")}`), 200);
  assert.equal(await status(other, `/app.ipa?token=${freshToken(key, 200)}`), 401);
});

test("a unix socket serves, replaces one that a crash left behind, but not one in use", async () => {
  const socketPath = join(base, "files.sock");
  const args = ["serve", join(base, "www"), "-k", join(base, "public.pem"), "--socket", socketPath];
  const first = startPortcullis(args);
  await first.line(({ msg }) => msg?.includes(" on unix:") === true);
  const path = `/app.ipa?token=${freshToken(key)}`;
  assert.equal((await ask({ socketPath, path })).body, "0123456789");
  const second = startPortcullis(args);
  assert.equal(await second.ended, 3);
  assert.match(second.stderr(), /taken by another program/);
  await first.end("SIGKILL");
  const third = startPortcullis(args);
  await third.line(({ msg }) => msg?.includes(" on unix:") === true);
  assert.equal((await ask({ socketPath, path })).status, 200);
});

test("a port that is taken, a folder that is none and half of a TLS pair end with a sentence", async () => {
  const portcullis = started();
  const taken = startPortcullis([...serveArgs, "--port", String(await portcullis.port())]);
  assert.equal(await taken.ended, 3);
  assert.match(taken.stderr(), /cannot listen on 127\.0\.0\.1:\d+: it is taken by another program/);
  const file = await runMain(["serve", join(base, "public.pem"), "-k", join(base, "public.pem")]);
  assert.deepEqual([file.code, /is not a folder/.test(file.stderr)], [3, true]);
  const half = await runMain([...serveArgs, "--tls-cert", "x"]);
  assert.deepEqual([half.code, /give both, or neither/.test(half.stderr)], [2, true]);
});

test("headers that are too large, or a flood of them, are refused and harm nobody", async () => {
  const port = await started().port();
  for (const flood of [`X: ${"y".repeat(70_000)}`, Array.from({ length: 3000 }, (_, i) => `X${i}: y`).join("\r\n")]) {
    const answer = await sendBytes(
      port,
      Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${flood}\r\n\r\n`),
    );
    assert.match(answer.toString(), /^HTTP\/1\.1 4\d\d /);
    assert.equal((await rawRequest(port, `/app.ipa?token=${freshToken(key)}`)).status, 200);
  }
});
