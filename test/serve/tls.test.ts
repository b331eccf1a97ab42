import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { connect as connectSilently, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { freshToken } from "../support/link.ts";
import { startPortcullis } from "../support/portcullis-process.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { runTool } from "../support/tool.ts";

const base = temporaryFolder();
const key = signingKey();
mkdirSync(join(base, "www"));
writeFileSync(join(base, "www/app.ipa"), "the app");
writeFileSync(join(base, "www/big.pkg"), Buffer.alloc(64 * 1024 * 1024));
writeFileSync(join(base, "public.pem"), key.publicPem);

async function makeCertificate(name: string): Promise<[certificate: string, key: string]> {
  const [certificate, privateKey] = [join(base, `${name}.crt`), join(base, `${name}.key`)];
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", `/CN=${name}`];
  const { code, stderr } = await runTool("openssl", [...args, "-keyout", privateKey, "-out", certificate]);
  assert.equal(code, 0, stderr);
  return [certificate, privateKey];
}

const [certificate, privateKey] = await makeCertificate("first");
const started = (certificate: string, privateKey: string, ...more: string[]) =>
  startPortcullis([
    ...["serve", join(base, "www"), "-k", join(base, "public.pem"), "--port", "0", "--host", "127.0.0.1"],
    ...["--tls-cert", certificate, "--tls-key", privateKey, ...more],
  ]);
const portcullis = started(certificate, privateKey, "--key-refresh", "1");
const port = await portcullis.port();

function handshake(options: object = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options }, () => resolve(socket));
    socket.on("error", reject);
  });
}

async function certificateName(): Promise<string> {
  const socket = await handshake();
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return String(name);
}

test("files are served over TLS 1.2 and 1.3, and not over what is older", async () => {
  const status = await new Promise((resolve, reject) => {
    const path = `/app.ipa?token=${freshToken(key)}`;
    get({ host: "127.0.0.1", port, path, rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });
  assert.equal(status, 200);
  for (const version of ["TLSv1.2", "TLSv1.3"]) {
    const socket = await handshake({ minVersion: version, maxVersion: version });
    assert.equal(socket.getProtocol(), version);
    socket.destroy();
  }
  const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" };
  await assert.rejects(handshake(old), /alert|protocol version|ECONNRESET/i);
});

test("a renewed certificate is taken up without a restart; a broken one leaves the old in use", async () => {
  assert.equal(await certificateName(), "first");
  writeFileSync(`${certificate}.new`, "broken");
  renameSync(`${certificate}.new`, certificate);
  await portcullis.line(({ msg }) => msg?.startsWith("certificate not reloaded, the old one stays in use") === true);
  assert.equal(await certificateName(), "first");
  const [renewed, renewedKey] = await makeCertificate("second");
  renameSync(renewedKey, privateKey);
  renameSync(renewed, certificate);
  for (let tries = 0; tries < 200 && (await certificateName()) !== "second"; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.equal(await certificateName(), "second");
});

test("a private key that every user may read or change is remarked on", async () => {
  const pair = await makeCertificate("open");
  for (const [mode, deeds] of [
    [0o644, "read"],
    [0o666, "read and changed"],
    [0o600, undefined],
  ] as const) {
    chmodSync(pair[1], mode);
    const open = started(...pair);
    await open.port();
    assert.equal(await open.end(), 0);
    const remarks = open.log.filter(({ level, msg }) => level === "warn" && msg?.startsWith("--tls-key") === true);
    assert.deepEqual(
      remarks.map(({ msg }) => msg),
      deeds ? [`--tls-key ${pair[1]} can be ${deeds} by every user of this computer: chmod 600 ${pair[1]}`] : [],
    );
  }
});

async function silentClient(port: number): Promise<Socket> {
  const socket = connectSilently(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

test("a client that never begins its handshake does not hold the end longer than --grace", async () => {
  const ending = started(...(await makeCertificate("grace")), "--grace", "1");
  const silent = await silentClient(await ending.port());
  const closed = once(silent, "close");
  const signalled = performance.now();
  assert.equal(await ending.end(), 0);
  assert.ok(performance.now() - signalled < 3000);
  await closed;
  await ending.line(({ msg }) => msg === "ended");
});

test("a second signal ends at once, whatever a client in its handshake does", async () => {
  const ending = started(...(await makeCertificate("hurry")), "--grace", "600");
  await silentClient(await ending.port());
  ending.child.kill("SIGTERM");
  await ending.line(({ msg }) => msg?.startsWith("SIGTERM") === true);
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.equal(ending.child.exitCode, null, "still waiting for the handshake");
  const signalled = performance.now();
  assert.equal(await ending.end(), 0);
  assert.ok(performance.now() - signalled < 2000);
});

test("a download over TLS that has not finished after --grace is cut off, and the log says so", async () => {
  const ending = started(...(await makeCertificate("cut")), "--grace", "1");
  const socket = await handshake({ port: await ending.port() });
  const closed = once(socket, "close");
  socket.on("error", () => {});
  socket.write(`GET /big.pkg?token=${freshToken(key)} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await once(socket, "readable");
  assert.equal(await ending.end(), 0);
  const last = ending.log.slice(-2).map(({ event, msg, complete }) => [event ?? msg, complete]);
  assert.deepEqual(last, [
    ["download", false],
    ["ended; what had not finished was cut off", undefined],
  ]);
  socket.resume();
  await closed;
});
