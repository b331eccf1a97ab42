import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createSocketServer } from "node:net";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { after, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { createGate } from "@portcullis/core";
import { guard } from "@portcullis/node-http";
import { main } from "portcullis";
import { freshToken } from "../support/link.ts";
import { openssl } from "../support/private-key.ts";
import { runMain } from "../support/run-main.ts";
import { signingKey, signToken } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const key = signingKey();

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("another host is not touched without --yes where nobody can be asked", async () => {
  const run = await runMain(["probe", "https://example.invalid/a.ipa"]);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /About 48 requests .* will go to example\.invalid\. Nobody is there to be asked/);
});

for (const [answer, code, message] of [
  ["n", 2, /nothing was sent/],
  ["", 2, /nothing was sent/],
  ["y", 3, /example\.invalid does not answer/],
] as const) {
  test(`on a terminal it asks before it touches another host; "${answer}" is obeyed, and no answer is a no`, async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    let errors = "";
    const stderr = Object.assign(
      new Writable({
        write(chunk, _encoding, done) {
          errors += chunk;
          if (/\[y\/N\] $/.test(errors)) answer === "" ? stdin.end() : stdin.write(`${answer}\n`);
          done();
        },
      }),
      { isTTY: true, columns: 80 },
    );
    const stdout = new PassThrough();
    const argv = ["probe", "http://example.invalid/a.ipa", "--timeout", "5"];
    assert.equal(await main({ argv, env: {}, stdin, stdout, stderr, signals: new EventEmitter() }), code);
    assert.match(errors, /Is this server yours to probe\?/);
    assert.match(errors, message);
  });
}

test("with --yes it goes ahead, and a server that does not answer is exit code 3", async () => {
  const run = await runMain(["probe", "http://127.0.0.1:1/a.ipa", "--yes"]);
  assert.equal(run.code, 3);
  assert.match(run.stderr, /127\.0\.0\.1:1 does not answer: nothing listens on that port\nIs the server running/);
  const unknown = await runMain(["probe", "https://example.invalid/a.ipa", "--yes"]);
  assert.match(unknown.stderr, /example\.invalid does not answer: there is no host of that name.*\nIs its name spelt/);
});

test("a server of another protocol than the URL's is told, and what to try", async () => {
  const web = await listen((_, response) => response.end("open"));
  const overTls = await runMain(["probe", `${web.replace("http:", "https:")}/a.ipa`]);
  assert.match(overTls.stderr, /does not answer: it does not speak TLS on that port\nTry http:\/\//);
  const shell = createSocketServer((socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"));
  await new Promise<void>((resolve) => shell.listen(0, "127.0.0.1", resolve));
  after(() => shell.close());
  const { port } = shell.address() as AddressInfo;
  const run = await runMain(["probe", `http://127.0.0.1:${port}/a.ipa`]);
  assert.match(run.stderr, /does not answer: it does not speak HTTP on that port\nTry https:\/\//);
});

test("the table fits into 80 columns, and the verdict stands on the last line", async () => {
  const origin = await listen((_, response) => response.end("open"));
  const { stdout, stderr } = await runMain(["probe", `${origin}/a.ipa`, "--token", freshToken(key)], { terminal: 80 });
  const lines = stripVTControlCharacters(stdout).trimEnd().split("\n");
  for (const line of lines) assert.ok(line.length <= 80, line);
  assert.equal(lines.at(-1), "OPEN: anyone with the URL can download.");
  assert.ok(stdout.includes("\u001b[31m"));
  assert.match(stderr, /\d+\/48 \w+, (GET|HEAD|Range)/);
  const plain = await runMain(["probe", `${origin}/a.ipa`, "--token", freshToken(key)], {
    terminal: 80,
    env: { NO_COLOR: "1" },
  });
  assert.ok(!plain.stdout.includes("\u001b"));
});

for (const [name, wrong, id] of [
  ["repeats the token in a header", { "X-Debug": "TOKEN" }, "echo"],
  ["has a clock that is an hour behind", { Date: new Date(Date.now() - 3_600_000).toUTCString() }, "clock"],
  ["compresses the app", { "Content-Encoding": "gzip" }, "encoding"],
] as const) {
  test(`a locked server that ${name} is FLAWED`, async () => {
    const token = freshToken(key);
    const origin = await listen(
      guard({ keys: key.publicPem }, (_, response) => {
        for (const [header, value] of Object.entries(wrong)) response.setHeader(header, value.replace("TOKEN", token));
        response.end("the app");
      }),
    );
    const { stdout, code } = await runMain(["probe", `${origin}/a.ipa`, "--token", token, "--json"]);
    const { verdict, answers } = JSON.parse(stdout);
    assert.equal(code, 1);
    assert.equal(verdict, "FLAWED");
    assert.equal(answers.find((one: { id: string }) => one.id === id).outcome, "fault");
  });
}

test("a server that limits how often it is asked leaves the matter UNPROVEN", async () => {
  const origin = await listen((_, response) => response.writeHead(429).end());
  const { stdout } = await runMain(["probe", `${origin}/a.ipa`, "--token", freshToken(key)]);
  assert.match(stdout, /UNPROVEN: the server limits how often it may be asked \(429\); try again later\.\n$/);
});

test("a server whose GET hangs up is told from one that refuses", async () => {
  const origin = await listen((request, response) => {
    if (request.method === "GET") request.socket.destroy();
    else response.writeHead(401).end();
  });
  const { stdout, code } = await runMain(["probe", `${origin}/a.ipa`, "--token", freshToken(key)]);
  assert.equal(code, 1);
  assert.match(stdout, /Some requests got no answer/);
});

for (const [name, argv, message] of [
  ["key and token at once", ["http://127.0.0.1/", "--private-key", "a", "--token", "b"], /not both/],
  ["no URL", ["example.com/a.ipa"], /give the whole URL/],
  ["a URL of another kind", ["ftp://example.com/a.ipa"], /must start with https/],
] as const) {
  test(`${name}: a wrong command line`, async () => {
    const run = await runMain(["probe", ...argv]);
    assert.equal(run.code, 2);
    assert.match(run.stderr, message);
  });
}

test("a certificate that devices refuse ends it, unless --insecure; encryption is named", async () => {
  const folder = temporaryFolder();
  const [keyFile, certificate] = [join(folder, "tls.key"), join(folder, "tls.crt")];
  const subject = ["-subj", "/CN=localhost", "-days", "1"];
  openssl(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", keyFile, "-out", certificate, ...subject]);
  const server = createTlsServer(
    { key: readFileSync(keyFile), cert: readFileSync(certificate) },
    guard({ keys: key.publicPem }, (_, response) => response.end("the app")),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close().closeAllConnections());
  const url = `https://localhost:${(server.address() as AddressInfo).port}/a.ipa`;
  const refused = await runMain(["probe", url, "--token", freshToken(key)]);
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /self-signed certificate: devices would not download from it\n.*--insecure/);
  const run = await runMain(["probe", url, "--token", freshToken(key), "--insecure"]);
  assert.equal(run.code, 0, run.stdout);
  assert.match(run.stdout, /✔ Encrypted with TLSv1\.3\./);
});

test("of a server that stops at TLS 1.1 it is said that devices need TLS 1.2", async () => {
  const folder = temporaryFolder();
  const [keyFile, certificate] = [join(folder, "tls.key"), join(folder, "tls.crt")];
  const subject = ["-subj", "/CN=localhost", "-days", "1"];
  openssl(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", keyFile, "-out", certificate, ...subject]);
  const server = createTlsServer({
    key: readFileSync(keyFile),
    cert: readFileSync(certificate),
    minVersion: "TLSv1",
    maxVersion: "TLSv1.1",
    ciphers: "DEFAULT@SECLEVEL=0",
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close().closeAllConnections());
  const run = await runMain(["probe", `https://localhost:${(server.address() as AddressInfo).port}/a.ipa`]);
  assert.equal(run.code, 3);
  assert.match(run.stderr, /older TLS: devices would not download from it\nDevices need TLS 1\.2/);
});

for (const [name, token, message] of [
  ["an expired token", freshToken(key, -120), /the token expired 2 min \S* ?\S* ?ago, so nothing can be proved by it/],
  ["a token without expiry", signToken(key, { sub: "AppManifest", iss: "JSS" }), /has no expiry/],
  ["what is no token", "hello", /cannot be read: it is no JWT, or was not copied whole/],
] as const) {
  test(`${name} proves nothing, even of a server that takes it: a wrong command line`, async () => {
    let asked = 0;
    const origin = await listen((request, response) => {
      asked += 1;
      response.writeHead(request.url?.endsWith(token) ? 200 : 401).end("the app");
    });
    for (const argv of [[`${origin}/a.ipa`, "--token", token], [`${origin}/a.ipa?token=${token}`]]) {
      const run = await runMain(["probe", ...argv]);
      assert.deepEqual([run.code, run.stdout, asked], [2, "", 0]);
      assert.match(run.stderr, message);
      assert.ok(!run.stderr.includes(token));
    }
  });
}

for (const [name, repeat] of [
  ["refused tokens in the body", (url: string) => ({ body: `cannot use ${url}`, headers: {} })],
  ["refused tokens in a header", (url: string) => ({ body: "", headers: { "X-Debug": url } })],
  ["unsigned tokens only", (url: string) => ({ body: url.endsWith(".") ? url : "", headers: {} })],
] as const) {
  test(`a locked server that repeats ${name} is FLAWED`, async () => {
    const gate = createGate({ keys: key.publicPem });
    const origin = await listen(async (request, response) => {
      const { allowed } = await gate.check(request.url ?? "");
      const { body, headers } = repeat(request.url ?? "");
      if (allowed) response.end("the app");
      else response.writeHead(401, headers).end(body);
    });
    const { stdout } = await runMain(["probe", `${origin}/a.ipa`, "--token", freshToken(key), "--json"]);
    const { verdict, answers } = JSON.parse(stdout);
    assert.equal(answers.find((one: { id: string }) => one.id === "echo").outcome, "fault");
    assert.equal(verdict, "FLAWED");
  });
}

const signIn = { type: "text/html", body: "<html>Please sign in</html>" };
const problem = { type: "application/json", body: '{"error":"no token"}' };

for (const { type, body } of [signIn, problem, { type: "application/octet-stream", body: "please sign in" }]) {
  test(`a refusal of type ${type} with status 200 is told from the app: FLAWED, not OPEN`, async () => {
    const token = freshToken(key);
    const origin = await listen((request, response) => {
      const isValid = request.url === `/a.ipa?token=${token}`;
      response.setHeader("Content-Type", isValid ? "application/octet-stream" : type);
      response.setHeader("Content-Length", isValid ? 7 : body.length);
      response.end(isValid ? "the app" : body);
    });
    const { stdout } = await runMain(["probe", `${origin}/a.ipa`, "--token", token]);
    assert.match(stdout, /FLAWED: it refuses with a page and status 200, which devices take for the app\.\n$/);
  });
}

for (const { type, body } of [signIn, problem]) {
  test(`a page of type ${type} for everybody proves nothing: UNPROVEN, not OPEN`, async () => {
    const origin = await listen((_, response) => response.setHeader("Content-Type", type).end(body));
    const known = await runMain(["probe", `${origin}/a.ipa`, "--token", freshToken(key)]);
    assert.equal(known.code, 1);
    assert.match(known.stdout.replace(/\s+/g, " "), /UNPROVEN: even a valid token gets a page with status 200/);
    const unknown = await runMain(["probe", `${origin}/a.ipa`]);
    assert.match(unknown.stdout.replace(/\s+/g, " "), /UNPROVEN: strangers get a page with status 200/);
  });
}

test("an app that is sent as HTML, and a manifest of another length each time, are OPEN all the same", async () => {
  const asHtml = await listen((_, response) =>
    response.setHeader("Content-Type", "text/html").end("PK\u0003\u0004 app"),
  );
  let count = 0;
  const everLonger = await listen((_, response) => {
    count += 1;
    const manifest = `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>${"x".repeat(count)}</dict></plist>`;
    response.setHeader("Content-Type", "application/xml").setHeader("Content-Length", manifest.length).end(manifest);
  });
  for (const url of [`${asHtml}/a.ipa`, `${everLonger}/a.plist`]) {
    for (const more of [[], ["--token", freshToken(key)]]) {
      assert.match((await runMain(["probe", url, ...more])).stdout, /OPEN: anyone with the URL can download\.\n$/);
    }
  }
});

test("what a server says cannot command the terminal", async () => {
  const origin = await listen((_, response) => response.setHeader("Content-Type", "a/b\u009b31m").end("the app"));
  const { stdout } = await runMain(["probe", `${origin}/a.ipa`, "--token", freshToken(key)]);
  assert.match(stdout, /Its type is a\/b.?\\u009b31m/);
});

for (const [status, hint] of [
  [400, "Is this the URL of a file?"],
  [401, "Does the server have the public half of the key that signed it?"],
  [503, "Look at the log of the server."],
] as const) {
  test(`a valid token refused with ${status} is SHUT, and the verdict says where to look`, async () => {
    const origin = await listen((_request, response) => void response.writeHead(status).end());
    const { code, stdout } = await runMain(["probe", `${origin}/a.ipa?token=${freshToken(key)}`, "--json"]);
    assert.equal(code, 1);
    assert.equal(JSON.parse(stdout).sentence, `a valid token is refused (${status}), so nobody can download. ${hint}`);
  });
}
