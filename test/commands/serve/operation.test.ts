import assert from "node:assert/strict";
import { once } from "node:events";
import { lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { Decision } from "@portcullis/core";
import { collides, listen } from "../../../packages/cli/src/server/listen-address.ts";
import { asksToResume } from "../../../packages/cli/src/server/resume-grace.ts";
import { ask } from "../../support/ask.ts";
import { freshToken } from "../../support/link.ts";
import { startPortcullis } from "../../support/portcullis-process.ts";
import { rawRequest, sendBytes } from "../../support/raw-request.ts";
import { runMain } from "../../support/run-main.ts";
import { servedFolder } from "../../support/served-folder.ts";
import { signingKey, signToken } from "../../support/signing-key.ts";

const { base, key, args: serveArgs, start: started } = servedFolder({ "app.ipa": "0123456789" });

test("health, readiness and metrics are on their own address, and not on the files' address", async () => {
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

test("--report-only allows everything, and says so prominently in each line and in the metrics", async () => {
  const status = join(base, "report.sock");
  const portcullis = started("--report-only", "--status", status);
  const port = await portcullis.port();
  await portcullis.line(({ level, msg }) => level === "warn" && msg?.startsWith("REPORT ONLY") === true);
  assert.equal((await rawRequest(port, "/app.ipa")).status, 200);
  const line = await portcullis.line(({ event }) => event === "download");
  assert.deepEqual([line.code, line.status, line.reportOnly], ["token_missing", 200, true]);
  assert.equal((await rawRequest(port, `/app.ipa?token=${freshToken(key)}`)).status, 200);
  const allowed = await portcullis.line(({ code }) => code === "allowed");
  assert.equal(allowed.reportOnly, undefined);
  const { body } = await ask({ socketPath: status, path: "/metrics" });
  assert.match(body, /^portcullis_report_only 1$/m);
  assert.match(body, /^portcullis_report_only_let_through_total 1$/m);
});

test("--resume-grace lets an expired token finish a download that it provably started", async () => {
  const portcullis = started("--resume-grace", "10m");
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
  for (const range of ["items=0-,bytes=5-", "bytes=5-6,0-", "bytes=5-2", "bytes=5"]) {
    assert.equal(await resume(expired, { ...good, Range: range }), 401, `${range} would be the whole file`);
  }
  assert.equal(await resume(expired, { ...good, "If-Range": '"other"' }), 401, "another version");
  assert.equal(await resume(expired, { ...good, "If-Range": `W/${etag}` }), 401, "a weak validator");
  const date = new Date().toUTCString();
  assert.equal(await resume(expired, { ...good, "If-Range": date }), 401, "a date can be guessed");
  assert.equal(await resume(expired, good, "HEAD"), 401);
  assert.equal(await resume(freshToken(key, -700), good), 401, "too long ago");
  assert.equal(await resume(freshToken(signingKey(), -300), good), 401, "another key");
  assert.equal(await resume(freshToken(key, -300, "Other"), good), 401, "another subject");
  for (const path of ["/absent.ipa", "/a%2fb"]) {
    const { status } = await rawRequest(port, `${path}?token=${expired}`, { headers: good });
    assert.equal(status, 401, "an expired token does not learn which files there are");
  }
});

test("the grace period ends after its last second; a grace of 0 allows nothing", () => {
  const request = { method: "GET", headers: { range: "bytes=5-9" } } as IncomingMessage;
  const expired = { allowed: false, code: "token_expired", claims: { exp: 1000 } } as unknown as Decision;
  assert.equal(asksToResume(request, expired, 600, 1599), true);
  assert.equal(asksToResume(request, expired, 600, 1600), false);
  assert.equal(asksToResume(request, expired, 0, 1000), false);
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

test("policy options reach the gate: parameter, skew, lifetime, subject and audience", async () => {
  const strict = await started("--token-parameter", "t", "--clock-skew", "0", "--max-lifetime", "5m").port();
  const status = async (port: number, path: string) => (await rawRequest(port, path)).status;
  assert.equal(await status(strict, `/app.ipa?t=${freshToken(key, 200)}`), 200);
  assert.equal(await status(strict, `/app.ipa?token=${freshToken(key, 200)}`), 401);
  assert.equal(await status(strict, `/app.ipa?t=${freshToken(key, 400)}`), 401);
  assert.equal(await status(strict, `/app.ipa?t=${freshToken(key, -1)}`), 401);
  const other = await started("--subject", "Other").port();
  assert.equal(await status(other, `/app.ipa?token=${freshToken(key, 200, "Other")}`), 200);
  assert.equal(await status(other, `/app.ipa?token=${freshToken(key, 200)}`), 401);
  const named = await started("--audience", "apps").port();
  const exp = Math.floor(Date.now() / 1000) + 200;
  const tokenFor = (aud: string) => signToken(key, { sub: "AppManifest", iss: "JSS", exp, aud });
  assert.equal(await status(named, `/app.ipa?token=${tokenFor("apps")}`), 200);
  assert.equal(await status(named, `/app.ipa?token=${tokenFor("other")}`), 401);
});

test("with --path-bound a token opens the file of its own path only", async () => {
  const port = await started("--path-bound").port();
  const exp = Math.floor(Date.now() / 1000) + 200;
  const tokenFor = (aud?: string) => signToken(key, { sub: "AppManifest", iss: "JSS", exp, aud });
  const own = tokenFor("/app.ipa");
  const status = async (target: string, token = own) => (await rawRequest(port, `${target}?token=${token}`)).status;
  assert.equal(await status("/app.ipa"), 200);
  assert.equal(await status("http://files.example/app.ipa"), 200);
  // All of these but the first two are the same file on some server.
  const others = ["/other.ipa", "/", "/app.ipa/", "/App.ipa", "//app.ipa", "/./app.ipa", "/x/../app.ipa", "/%61pp.ipa"];
  for (const target of [...others, "/app.ipa%2e", "/app%2eipa", "/x%2f..%2fapp.ipa", "/app.ipa.", "http://h//app.ipa"])
    assert.equal(await status(target), 401, target);
  assert.equal(await status("/app.ipa", tokenFor()), 401);
  assert.equal(await status("/app.ipa", tokenFor("/other.ipa")), 401);
  // A token whose aud is such a spelling opens only what that spelling names.
  assert.equal(await status("/x/../app.ipa", tokenFor("/x/../app.ipa")), 400);

  const run = await runMain([...serveArgs, "--path-bound", "--audience", "x"]);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /--path-bound and --audience cannot be combined/);
});

test("a Unix socket is served; one left behind by a crash is replaced, and one in use is not", async () => {
  const socketPath = join(base, "files.sock");
  const args = ["serve", join(base, "www"), "-k", join(base, "public.pem"), "--socket", socketPath];
  const first = startPortcullis(args);
  await first.line(({ msg }) => msg?.includes(" on unix:") === true);
  const path = `/app.ipa?token=${freshToken(key)}`;
  assert.equal((await ask({ socketPath, path })).body, "0123456789");
  const second = startPortcullis(args);
  assert.equal(await second.ended, 3);
  assert.match(second.stderr(), /in use by another program/);
  await first.end("SIGKILL");
  const third = startPortcullis(args);
  await third.line(({ msg }) => msg?.includes(" on unix:") === true);
  assert.equal((await ask({ socketPath, path })).status, 200);
});

test("anything else at the path of a Unix socket is reported and left unchanged", async () => {
  const [file, folder, link] = [join(base, "a file"), join(base, "a-folder"), join(base, "a-link")];
  writeFileSync(file, "precious");
  mkdirSync(folder);
  symlinkSync(file, link);
  const cases: [path: string, problem: RegExp, remedy: RegExp][] = [
    [file, /a file: a file exists there, and will not be replaced$/, /nothing exists yet, or move/],
    [folder, /a-folder: a folder exists there, and will not be replaced$/, /move what is there/],
    [link, /a-link: a symbolic link exists there, and will not be replaced$/, /move what is there/],
    ["/dev/null", /something that is not a socket exists there/, /move what is there/],
    [join(base, "none/x.sock"), /there is no folder .*none$/, /Create the folder, or choose/],
    [join(base, `${"x".repeat(110)}.sock`), /the path of a Unix socket can have at most 10[37] bytes/, /shorter/],
  ];
  for (const [path, problem, remedy] of cases) {
    for (const args of [
      [...serveArgs, "--status", path],
      [...serveArgs, "--socket", path],
    ]) {
      const { code, stderr } = await runMain(args);
      const [said = "", next = ""] = stderr.split("\n");
      assert.match(said, problem);
      assert.match(next, remedy);
      assert.equal(code, 3);
    }
  }
  assert.equal(readFileSync(file, "utf8"), "precious");
  assert.ok(lstatSync(link).isSymbolicLink());
});

test("a socket whose server is too busy to accept is not mistaken for one that a crash left behind", async () => {
  const path = join(base, "busy.sock");
  const busy = createServer().listen({ path, backlog: 1 });
  await once(busy, "listening");
  // It accepts no connection until this turn of the event loop ends, so its queue can be filled.
  const clients = Array.from({ length: 64 }, () => connect(path).on("error", () => {}));
  await assert.rejects(listen(createHttpServer(), { socket: path }), /in use by another program/);
  assert.ok(lstatSync(path).isSocket());
  for (const client of clients) client.destroy();
  busy.close();
});

test("--status on the server's own address is refused before anything listens", async () => {
  const same = [
    ["--port", "8471", "--status", "127.0.0.1:8471"],
    ["--socket", join(base, "one.sock"), "--status", join(base, "one.sock")],
  ];
  for (const args of same) {
    const { code, stderr } = await runMain([...serveArgs, ...args]);
    assert.equal(code, 2);
    assert.match(stderr, /is the address of the server itself\nUse a separate address for health checks and metrics/);
  }
  const [host, port] = ["127.0.0.1", 8471];
  assert.equal(collides({ host, port }, { host: undefined, port }), true);
  assert.equal(collides({ host, port }, { host: "127.0.0.2", port }), false);
  assert.equal(collides({ host, port: 0 }, { host, port: 0 }), false);
  assert.equal(collides({ host, port }, { socket: "/run/x.sock" }), false);
});

test("an address that this computer does not have is reported, and one in brackets is IPv6", async () => {
  for (const host of ["203.0.113.9", "no-such-host.invalid"]) {
    const { code, stderr } = await runMain([...serveArgs, "--host", host]);
    assert.match(stderr, /^portcullis: cannot listen on .*: this computer has no such address\nOmit the host/);
    assert.equal(code, 3);
  }
  const six = startPortcullis([...serveArgs, "--host", "[::1]"]);
  const { msg } = await six.line(({ msg }) => / on http/.test(msg ?? ""));
  assert.match(msg ?? "", / on http:\/\/\[::1\]:\d+$/);
  assert.equal(six.log.filter(({ level }) => level === "warn").length, 0, "loopback needs no TLS");
});

test("a port in use, a path that is not a folder and half of a TLS pair each end with a clear message", async () => {
  const portcullis = started();
  const taken = startPortcullis([...serveArgs, "--port", String(await portcullis.port())]);
  assert.equal(await taken.ended, 3);
  assert.match(
    taken.stderr(),
    /cannot listen on 127\.0\.0\.1:\d+: it is in use by another program\n.*choose another port\..*run: lsof -nP/,
  );
  const absent = await runMain(["serve", join(base, "none"), "-k", join(base, "public.pem")]);
  assert.deepEqual([absent.code, /there is no folder .*none\nPass the folder/.test(absent.stderr)], [3, true]);
  const file = await runMain(["serve", join(base, "public.pem"), "-k", join(base, "public.pem")]);
  assert.deepEqual([file.code, /is not a folder/.test(file.stderr)], [3, true]);
  const half = await runMain([...serveArgs, "--tls-cert", "x"]);
  assert.deepEqual([half.code, /pass both, or neither/.test(half.stderr)], [2, true]);
});

test("non-HTTP traffic is refused and counted, and the log says once a minute what it was", async () => {
  const status = join(base, "bad.sock");
  const portcullis = started("--status", status);
  const port = await portcullis.port();
  const bad: [request: string, status: string][] = [
    ["nonsense\r\n\r\n", "400 Bad Request"],
    [`GET / HTTP/1.1\r\nX: ${"y".repeat(70_000)}\r\n\r\n`, "431 Request Header Fields Too Large"],
    ["\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003", "400 Bad Request"],
    ["\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003", "400 Bad Request"],
    ["PROXY TCP4 192.0.2.1 192.0.2.2 5000 443\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "400 Bad Request"],
    ["\r\n\r\n\0\r\nQUIT\n\u0021\u0011\0\u000c", "400 Bad Request"],
    ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 Bad Request"],
  ];
  for (const [request, status] of bad) {
    const received = await sendBytes(port, Buffer.from(request, "latin1"));
    assert.equal(received.toString(), `HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
  }
  const good = `GET /app.ipa?token=${freshToken(key)} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const received = await sendAfterResponse(port, good, "nonsense\r\n\r\n");
  assert.match(
    received,
    /^HTTP\/1\.1 200 [\s\S]*0123456789$/,
    "nothing follows that could be mistaken for a file's bytes",
  );
  const { body } = await ask({ socketPath: status, path: "/metrics" });
  assert.match(body, /^portcullis_failed_connections_total\{reason="http"\} 8$/m);
  const warnings = portcullis.log.filter(({ level, msg }) => level === "warn" && msg?.includes("failed") === true);
  const problems = [
    /^a connection failed, the last from 127\.0\.0\.1: the client did not send HTTP$/,
    /: the client spoke https, but this server speaks http: pass a certificate/,
    /: the load balancer in front sends the PROXY protocol, which this server does not read: turn it off/,
    /: the client spoke HTTP\/2 without TLS; set the proxy in front to HTTP\/1\.1$/,
  ];
  assert.equal(warnings.length, problems.length, JSON.stringify(warnings));
  for (const [index, problem] of problems.entries()) assert.match(String(warnings[index]?.msg), problem);
});

/** Sends more bytes on a connection as soon as the first response arrives, and reads to the end. */
async function sendAfterResponse(port: number, first: string, second: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(first);
  let text = "";
  for await (const chunk of socket) {
    text += chunk;
    socket.write(second);
  }
  return text;
}

test("an Expect header, known or not, changes neither the time nor the status of a response", async () => {
  const port = await started().port();
  const path = `/app.ipa?token=${freshToken(key)}`;
  for (const expectation of ["100-continue", "something-else"]) {
    const headers = { Expect: expectation, "Content-Length": "10" };
    assert.equal((await rawRequest(port, path, { headers })).status, 200);
    assert.equal((await rawRequest(port, "/app.ipa", { headers })).status, 401);
    assert.equal((await rawRequest(port, path, { headers, method: "PUT" })).status, 405);
  }
});

test("SIGUSR1 opens no debugger and SIGUSR2 ends nothing, as scripts that rotate logs send them", async () => {
  for (const args of [serveArgs, ["auth", "--for", "nginx", "-k", join(base, "public.pem"), "--port", "0"]]) {
    const portcullis = startPortcullis(args);
    await portcullis.port();
    for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
      portcullis.child.kill(signal);
      await portcullis.line(({ msg }) => msg?.startsWith(`${signal} is ignored; SIGHUP reloads keys`) === true);
    }
    assert.equal(await portcullis.end(), 0);
    assert.equal(portcullis.stderr(), "");
  }
});

test("oversized headers, or a flood of them, are refused without affecting other clients", async () => {
  const port = await started().port();
  for (const flood of [`X: ${"y".repeat(70_000)}`, Array.from({ length: 3000 }, (_, i) => `X${i}: y`).join("\r\n")]) {
    const received = await sendBytes(
      port,
      Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${flood}\r\n\r\n`),
    );
    assert.match(received.toString(), /^HTTP\/1\.1 4\d\d /);
    assert.equal((await rawRequest(port, `/app.ipa?token=${freshToken(key)}`)).status, 200);
  }
});

test("an empty folder is served, and the log says that it is empty", async () => {
  const empty = join(base, "empty");
  mkdirSync(empty);
  writeFileSync(join(empty, ".DS_Store"), "");
  const portcullis = startPortcullis(["serve", empty, ...serveArgs.slice(2)]);
  const { level } = await portcullis.line(
    ({ msg }) => msg === `${empty} is empty; files that are put into it can be downloaded immediately`,
  );
  assert.equal(level, "warn");
  writeFileSync(join(empty, "late.ipa"), "late");
  const { body } = await rawRequest(await portcullis.port(), `/late.ipa?token=${freshToken(key)}`);
  assert.equal(body.toString(), "late");
});
