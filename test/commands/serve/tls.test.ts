import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { connect as connectSilently, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { loadTls, tlsWarnings } from "../../../packages/cli/src/tls/tls-credentials.ts";
import { ask } from "../../support/ask.ts";
import { freshToken } from "../../support/link.ts";
import { startPortcullis } from "../../support/portcullis-process.ts";
import { runMain } from "../../support/run-main.ts";
import { signingKey } from "../../support/signing-key.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { runTool } from "../../support/tool.ts";

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

const tooOld = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" };

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

test("files are served over TLS 1.2 and 1.3, and not over older versions", async () => {
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
  await assert.rejects(handshake(tooOld), /alert|protocol version|ECONNRESET/i);
});

test("a handshake that fails is counted, and the log says what the administrator can fix", async () => {
  const status = join(base, "handshakes.sock");
  const failing = started(...(await makeCertificate("untrusted")), "--status", status);
  const port = await failing.port();
  const warned = (problem: RegExp) => failing.line(({ level, msg }) => level === "warn" && problem.test(msg ?? ""));
  for (let round = 0; round < 3; round += 1) await runTool("curl", ["-s", `https://127.0.0.1:${port}/app.ipa`]);
  await warned(
    /^a connection failed(, the last from 127\.0\.0\.1)?: the client does not trust this server's certificate/,
  );
  await runTool("curl", ["-s", `http://127.0.0.1:${port}/app.ipa`]);
  await warned(/: the client spoke http; links to this server must begin with https:$/);
  await assert.rejects(handshake({ port, ...tooOld }));
  await warned(/: the client speaks only TLS versions older than 1\.2/);
  const scanner = await silentClient(port);
  scanner.end("no TLS at all, sixteen bytes and more");
  await once(scanner, "close");
  const { body } = await ask({ socketPath: status, path: "/metrics" });
  assert.match(body, /^portcullis_failed_connections_total\{reason="tls"\} 6$/m);
  const warnings = failing.log.filter(({ msg }) => msg?.includes("failed") === true);
  assert.match(warnings.at(-1)?.msg ?? "", /the client did not speak TLS; .*PROXY protocol/);
  assert.equal(warnings.length, 4, "one of each kind, however often");
});

test("a renewed certificate is used without a restart; a broken one leaves the old one in use", async () => {
  assert.equal(await certificateName(), "first");
  writeFileSync(`${certificate}.new`, "broken");
  renameSync(`${certificate}.new`, certificate);
  await portcullis.line(({ msg }) => msg?.startsWith("certificate not loaded, the old one stays in use") === true);
  assert.equal(await certificateName(), "first");
  writeFileSync(`${certificate}.new`, "");
  renameSync(`${certificate}.new`, certificate);
  await portcullis.line(({ msg }) => /not loaded, .*first\.crt: the file is empty$/.test(msg ?? ""));
  assert.equal(await certificateName(), "first", "a file that is just being written is no certificate");
  const [renewed, renewedKey] = await makeCertificate("second");
  renameSync(renewedKey, privateKey);
  renameSync(renewed, certificate);
  for (let tries = 0; tries < 200 && (await certificateName()) !== "second"; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.equal(await certificateName(), "second");
  await portcullis.line(({ msg }) => /^certificate renewed: valid until 20\d\d-.* UTC$/.test(msg ?? ""));
  const problems = portcullis.log.filter(({ msg }) => msg?.startsWith("certificate not loaded")).map(({ msg }) => msg);
  assert.equal(new Set(problems).size, problems.length, "each problem is said once");
});

test("a private key that every user can read or change produces a warning", async () => {
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
    const warnings = open.log.filter(({ level, msg }) => level === "warn" && msg?.startsWith("--tls-key") === true);
    assert.deepEqual(
      warnings.map(({ msg }) => msg),
      deeds ? [`--tls-key ${pair[1]} can be ${deeds} by every user of this computer: chmod 600 ${pair[1]}`] : [],
    );
  }
});

test("TLS files that cannot be used end the program with what is wrong and what to do next", async () => {
  const [own, ownKey] = await makeCertificate("own");
  const [other, otherKey] = await makeCertificate("other");
  const [pem, keyPem] = [readFileSync(own, "utf8"), readFileSync(ownKey, "utf8")];
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(join(base, name), content);
    return join(base, name);
  };
  const locked = (type: "pkcs1" | "pkcs8") =>
    createPrivateKey(keyPem).export({ type, format: "pem", cipher: "aes-256-cbc", passphrase: "x" });
  const withHole = (text: string) => text.split("\n").toSpliced(3, 5).join("\n");
  const request = await runTool("openssl", ["req", "-new", "-key", ownKey, "-subj", "/CN=own"]);
  const publicHalf = createPublicKey(keyPem).export({ type: "spki", format: "pem" });
  const cases: [certificate: string, key: string, problem: RegExp, remedy: RegExp | undefined][] = [
    [
      own,
      otherKey,
      /--tls-key .*other\.key is not the key of .*--tls-cert .*own\.crt$/,
      /print the same key\nopenssl x509/,
    ],
    [
      file("order.crt", readFileSync(other, "utf8") + pem),
      ownKey,
      /--tls-cert .* does not begin with the certificate of --tls-key/,
      /own certificate first/,
    ],
    [join(base, "none.crt"), ownKey, /--tls-cert .*none\.crt: there is no such file or folder$/, undefined],
    [own, base, /--tls-key .*: this is a folder; name the file in it$/, undefined],
    [file("empty.crt", ""), ownKey, /--tls-cert .*empty\.crt: the file is empty$/, /complete/],
    [own, file("empty.key", "\n"), /--tls-key .*empty\.key: the file is empty$/, /complete/],
    [
      file("der.crt", new X509Certificate(pem).raw),
      ownKey,
      /--tls-cert .* contains no certificate/,
      /openssl x509 -inform der/,
    ],
    [file("hole.crt", withHole(pem)), ownKey, /--tls-cert .*: a certificate in it is damaged or truncated$/, /Copy/],
    [file("chain.crt", pem + pem.slice(0, 300)), ownKey, /--tls-cert .*: a certificate in it is damaged/, /Copy/],
    [ownKey, own, /--tls-cert .*own\.key contains a private key, not a certificate$/, /to --tls-key.*to --tls-cert$/],
    [
      file("request.crt", request.stdout),
      ownKey,
      /is a certificate signing request, not a certificate$/,
      /certificate authority/,
    ],
    [own, file("locked 1.key", locked("pkcs1")), /--tls-key .*passphrase/, /openssl pkey -in '.*locked 1\.key' -out/],
    [own, file("locked8.key", locked("pkcs8")), /--tls-key .*passphrase/, /openssl pkey -in \/.*locked8\.key -out/],
    [
      own,
      own,
      /--tls-key .*own\.crt contains a certificate or a public key/,
      /that the certificate was requested with/,
    ],
    [own, file("public.key", publicHalf), /--tls-key .* contains a certificate or a public key/, /requested with/],
    [own, file("junk.key", "junk"), /--tls-key .* contains no private key in PEM format$/, /openssl pkcs12/],
    [own, file("hole.key", withHole(keyPem)), /--tls-key .*: the private key in it is damaged or truncated$/, /Copy/],
  ];
  for (const [certificate, key, problem, remedy] of cases) {
    const args = ["serve", join(base, "www"), "-k", join(base, "public.pem"), "--port", "0"];
    const { code, stderr } = await runMain([...args, "--tls-cert", certificate, "--tls-key", key]);
    const [said = "", ...next] = stderr.trimEnd().split("\n");
    assert.match(said, problem);
    assert.equal(code, 3, said);
    if (remedy) assert.match(next.join("\n"), remedy, said);
    assert.doesNotMatch(stderr, /error:|routines|ENOENT|EISDIR/, "OpenSSL's own words help nobody");
  }
});

test("a certificate with a byte order mark, in UTF-16, or after its key in one file is accepted", async () => {
  const [certificate, privateKey] = await makeCertificate("spelt");
  const pem = readFileSync(certificate, "utf8");
  for (const content of [
    `\uFEFF${pem}`,
    Buffer.from(`\uFEFF${pem}`, "utf16le"),
    readFileSync(privateKey, "utf8") + pem,
  ]) {
    writeFileSync(certificate, content);
    const { certificate: read, credentials } = await loadTls({ certificate, key: privateKey });
    assert.match(read.own.subject, /CN=spelt/);
    assert.match(credentials.cert, /^-----BEGIN CERTIFICATE-----/);
  }
});

test("a certificate whose dates devices refuse produces a warning when that begins", async () => {
  const [certificate, privateKey] = await makeCertificate("dates");
  const files = { certificate, key: privateKey };
  const loaded = await loadTls(files);
  const day = 86_400;
  const today = Date.now() / 1000;
  const warnings = (now: number) => tlsWarnings(loaded, now).join();
  assert.equal(warnings(today + day), "");
  assert.match(warnings(today + 3 * day), /dates\.crt expired on 20\d\d-.* UTC, and devices refuse it: put a new/);
  assert.match(warnings(today - day), /dates\.crt is not valid until 20\d\d-.* UTC, .*clock is wrong$/);

  const signals = new EventEmitter();
  let now = today;
  let looks = 0;
  const args = ["serve", join(base, "www"), "-k", join(base, "public.pem"), "--host", "127.0.0.1", "--port", "0"];
  const { stdout } = await runMain([...args, "--tls-cert", certificate, "--tls-key", privateKey], {
    signals,
    now: () => now,
    onOutput(text) {
      if (text.includes(" on https:")) {
        now += 3 * day;
        signals.emit("SIGHUP");
        signals.emit("SIGHUP");
      }
      if (text.includes("certificate read again: unchanged") && ++looks === 2) signals.emit("SIGTERM");
    },
  });
  assert.equal(stdout.match(/expired on/g)?.length, 1, "said once, though it was looked at twice");
  assert.equal(stdout.match(/certificate read again: unchanged/g)?.length, 2);
});

async function silentClient(port: number): Promise<Socket> {
  const socket = connectSilently(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

test("a client that never begins its handshake does not delay the shutdown", async () => {
  const ending = started(...(await makeCertificate("grace")), "--grace", "600");
  const silent = await silentClient(await ending.port());
  const closed = once(silent, "close");
  const signalled = performance.now();
  assert.equal(await ending.end(), 0);
  assert.ok(performance.now() - signalled < 12_000, "before the deadline of a handshake, 15 s");
  await closed;
  await ending.line(({ msg }) => msg === "ended");
});

test("a second signal ends the server immediately, over TLS too", async () => {
  const ending = started(...(await makeCertificate("hurry")), "--grace", "600");
  const socket = await handshake({ port: await ending.port() });
  socket.on("error", () => {});
  socket.write(`GET /big.pkg?token=${freshToken(key)} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await once(socket, "readable");
  ending.child.kill("SIGTERM");
  await ending.line(({ msg }) => msg?.startsWith("SIGTERM") === true);
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.equal(ending.child.exitCode, null, "still waiting for the download");
  const signalled = performance.now();
  assert.equal(await ending.end(), 0);
  assert.ok(performance.now() - signalled < 60_000, "long before --grace");
});

test("a download over TLS that has not finished after --grace is aborted, and the log says so", async () => {
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
    ["ended; requests that had not finished were aborted", undefined],
  ]);
  socket.resume();
  await closed;
});
