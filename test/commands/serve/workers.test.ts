import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { connect } from "node:tls";
import { ask } from "../../support/ask.ts";
import { freePort } from "../../support/free-port.ts";
import { freshToken } from "../../support/link.ts";
import { type PortcullisProcess, portcullisCommand, startPortcullis } from "../../support/portcullis-process.ts";
import { rawRequest } from "../../support/raw-request.ts";
import { servedFolder } from "../../support/served-folder.ts";
import { signingKey } from "../../support/signing-key.ts";
import { readOn, slowReader } from "../../support/slow-reader.ts";
import { runTool } from "../../support/tool.ts";

const size = 64 * 1024 * 1024;
const { base, args, key, start } = servedFolder({ "app.ipa": "the app", "big.pkg": Buffer.alloc(size, 7) });

const says = (portcullis: PortcullisProcess, pattern: RegExp) => portcullis.line(({ msg }) => pattern.test(msg ?? ""));

/** Starts two workers and waits until both accept connections. */
async function startTwo(...more: string[]): Promise<{ portcullis: PortcullisProcess; port: number }> {
  const portcullis = start("--workers", "2", ...more);
  for (const number of [1, 2]) await says(portcullis, new RegExp(`^worker ${number}: serving .* on http`));
  return { portcullis, port: await portcullis.port() };
}

/** The processes that another one has started; waits until there are two. */
async function workersOf({ child: { pid } }: PortcullisProcess): Promise<[number, number]> {
  for (;;) {
    const [one, other] = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ").map(Number);
    if (one && other) return [one, other];
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Each request has a connection of its own, and the workers take turns. */
async function statuses(port: number, token: string, count = 4): Promise<number[]> {
  const found: number[] = [];
  for (let index = 0; index < count; index += 1) {
    found.push((await rawRequest(port, `/app.ipa?token=${token}`)).status);
  }
  return found;
}

test("workers share the port, their metrics are added up, and each line of the log is whole", async () => {
  const status = join(base, "status.sock");
  const { portcullis, port } = await startTwo("--status", status);
  const token = freshToken(key);
  const responses = await Promise.all(Array.from({ length: 100 }, () => rawRequest(port, `/app.ipa?token=${token}`)));
  assert.ok(responses.every((response) => response.status === 200));
  assert.equal((await rawRequest(port, "/app.ipa")).status, 401);
  await portcullis.line(() => portcullis.log.filter(({ event }) => event === "download").length === 101);
  assert.equal((await ask({ socketPath: status, path: "/healthz" })).body, "alive\n");
  assert.equal((await ask({ socketPath: status, path: "/readyz" })).body, "ready\n");
  const { body, type } = await ask({ socketPath: status, path: "/metrics" });
  assert.match(type, /^text\/plain; version=0\.0\.4/);
  for (const line of [
    'portcullis_decisions_total{code="allowed"} 100',
    'portcullis_decisions_total{code="token_missing"} 1',
    "portcullis_sent_bytes_total 700",
    "portcullis_report_only 0",
  ]) {
    assert.ok(body.split("\n").includes(line), line);
  }
  assert.match(body, /portcullis_keys_loaded_timestamp_seconds 1[78]\d{8}\b/);
  assert.match(body, /portcullis_key_last_matched_timestamp_seconds\{key="[\w-]{43}"\} 1[78]\d{8}\b/);
  assert.equal(await portcullis.end(), 0);
  const warnings = portcullis.log.filter(({ level }) => level === "warn").map(({ msg }) => msg);
  assert.equal(new Set(warnings).size, warnings.length);
});

test("SIGHUP reaches every worker, and all of them use the new key", async () => {
  const keyFile = join(base, "public.pem");
  const { portcullis, port } = await startTwo("--key-refresh", "1d");
  const next = signingKey();
  try {
    writeFileSync(keyFile, next.publicPem);
    portcullis.child.kill("SIGHUP");
    for (const number of [1, 2]) await says(portcullis, new RegExp(`^worker ${number}: SIGHUP`));
    const inUse = () => portcullis.log.filter(({ msg }) => /^worker \d: key in use/.test(msg ?? "")).length;
    await portcullis.line(() => inUse() === 4);
    assert.deepEqual(await statuses(port, freshToken(next)), [200, 200, 200, 200]);
    assert.deepEqual(await statuses(port, freshToken(key)), [401, 401, 401, 401]);
  } finally {
    writeFileSync(keyFile, key.publicPem);
  }
  assert.equal(await portcullis.end(), 0);
});

test("SIGHUP gives every worker the renewed certificate", async () => {
  const [certificate, privateKey] = [join(base, "tls.crt"), join(base, "tls.key")];
  const renew = async (name: string): Promise<void> => {
    const subject = [
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
    ];
    const files = ["-keyout", privateKey, "-out", certificate];
    const { code, stderr } = await runTool("openssl", ["req", "-x509", ...subject, ...files]);
    assert.equal(code, 0, stderr);
  };
  await renew("first");
  const { portcullis, port } = await startTwo(
    "--tls-cert",
    certificate,
    "--tls-key",
    privateKey,
    "--key-refresh",
    "1d",
  );
  /** Each connection goes to the next worker. */
  const names = async (): Promise<(string | undefined)[]> => {
    const found: (string | undefined)[] = [];
    for (let index = 0; index < 4; index += 1) {
      const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
      await once(socket, "secureConnect");
      found.push(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    }
    return found;
  };
  assert.deepEqual(await names(), ["first", "first", "first", "first"]);
  await renew("second");
  portcullis.child.kill("SIGHUP");
  for (const number of [1, 2]) await says(portcullis, new RegExp(`^worker ${number}: certificate renewed`));
  assert.deepEqual(await names(), ["second", "second", "second", "second"]);
  assert.equal(await portcullis.end(), 0);
});

test("a download in progress finishes after a signal, also if a terminal sends it to every process", async () => {
  const [program, ...first] = portcullisCommand();
  const child = spawn(program, [...first, ...args, "--workers", "2"], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  after(() => child.kill("SIGKILL"));
  let log = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    log += text;
  });
  while (!/worker 2: serving/.test(log)) await once(child.stdout, "data");
  const port = Number(/worker 1: serving \S+ on http:\S+:(\d+)/.exec(log)?.[1]);
  const socket = await slowReader(port, `GET /big.pkg?token=${freshToken(key)} HTTP/1.1\r\nHost: x\r\n\r\n`);
  process.kill(-Number(child.pid), "SIGINT");
  while (!/worker 2: SIGINT/.test(log)) await once(child.stdout, "data");
  assert.ok((await readOn(socket)) > size);
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  assert.doesNotMatch(log, /aborted|unexpectedly/);
});

test("a worker that is killed is replaced, and the others continue", async () => {
  const { portcullis, port } = await startTwo();
  process.kill((await workersOf(portcullis))[0], "SIGKILL");
  await says(portcullis, /^worker 1 ended unexpectedly: SIGKILL$/);
  const starts = () => portcullis.log.filter(({ msg }) => msg?.startsWith("worker 1: serving")).length;
  await portcullis.line(() => starts() === 2);
  assert.deepEqual(await statuses(port, freshToken(key)), [200, 200, 200, 200]);
  assert.equal(await portcullis.end(), 0);
});

test("if workers end unexpectedly again and again, the server ends with exit code 3", async () => {
  const { portcullis } = await startTwo();
  const ends = () => portcullis.log.filter(({ msg }) => /^worker \d ended unexpectedly/.test(msg ?? "")).length;
  for (let kill = 1; kill <= 6; kill += 1) {
    process.kill((await workersOf(portcullis))[0], "SIGKILL");
    await portcullis.line(() => ends() === kill);
  }
  assert.equal(await portcullis.ended, 3);
  await says(portcullis, /^6 workers ended unexpectedly within a minute: shutting down$/);
});

test("workers do not outlive the process that started them", async () => {
  const port = await freePort();
  const portcullis = start("--workers", "2", "--port", String(port));
  await says(portcullis, /^worker 2: serving/);
  // Their standard output ends when all of them have ended.
  assert.equal(await portcullis.end("SIGKILL"), "SIGKILL");
  await assert.rejects(rawRequest(port, "/app.ipa"), /ECONNREFUSED/);
});

test("--max-connections limits all workers together, even if it cannot be divided evenly", async () => {
  const status = join(base, "shares.sock");
  const { portcullis, port } = await startTwo("--max-connections", "5", "--status", status);
  let served = 0;
  const sockets = [];
  for (let index = 0; index < 10; index += 1) {
    const socket = connectPlain(port, "127.0.0.1");
    sockets.push(socket);
    socket.on("error", () => {});
    socket.write(`GET /big.pkg?token=${freshToken(key)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const isServed = await new Promise((resolve) => {
      socket.once("data", () => resolve(true)).once("close", () => resolve(false));
    });
    socket.pause();
    if (isServed) served += 1;
  }
  assert.equal(served, 5);
  const { body } = await ask({ socketPath: status, path: "/metrics" });
  assert.match(body, /^portcullis_failed_connections_total\{reason="limit"\} 5$/m);
  for (const socket of sockets) socket.destroy();
  assert.equal(await portcullis.end(), 0);
});

for (const [title, more, env, code, message] of [
  [
    "fewer connections than workers",
    ["--max-connections", "2"],
    {},
    2,
    /--max-connections 2 is too few for --workers 3/,
  ],
  ["a key that is missing", ["-k", "/none.pem"], {}, 3, /none\.pem/],
  ["an unknown variable, and a port in use", ["--port"], { PORTCULLIS_PROT: "1" }, 3, /PORTCULLIS_PROT[\s\S]*in use/],
] as const) {
  test(`a mistake is reported once: ${title}`, async () => {
    const { portcullis: other, port } = await startTwo();
    const options = more.length === 1 ? [...more, String(port)] : more;
    const portcullis = startPortcullis([...args, "--workers", "3", ...options], env);
    assert.equal(await portcullis.ended, code);
    assert.match(portcullis.stderr(), message);
    assert.equal(portcullis.stderr().match(/portcullis:/g)?.length, 1, portcullis.stderr());
    assert.equal(portcullis.stderr().match(/PORTCULLIS_PROT/g)?.length ?? 0, Object.keys(env).length);
    assert.equal(await other.end(), 0);
  });
}

test("a status address in use ends the workers too", async () => {
  const { portcullis: other, port } = await startTwo();
  const portcullis = start("--workers", "2", "--status", `127.0.0.1:${port}`);
  assert.equal(await portcullis.ended, 3);
  assert.match(portcullis.stderr(), /in use/);
  assert.equal(await other.end(), 0);
});

test("auth has workers on a Unix socket, and replaces a socket that a crash left behind", async () => {
  const socketPath = join(base, "auth.sock");
  const authArgs = ["auth", "--for", "nginx", "-k", join(base, "public.pem"), "--socket", socketPath, "--workers", "2"];
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    const portcullis = startPortcullis(authArgs);
    await says(portcullis, /^worker 2: .* on unix:/);
    for (let index = 0; index < 4; index += 1) {
      const headers = { "X-Original-URI": `/app.ipa?token=${freshToken(key)}` };
      assert.equal((await ask({ socketPath, path: "/auth", headers })).status, 204);
    }
    assert.equal(await portcullis.end(signal), signal === "SIGTERM" ? 0 : signal);
  }
});
