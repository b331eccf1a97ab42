import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createSocketServer, type Socket } from "node:net";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { after, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { createGate } from "@portcullis/core";
import { guard } from "@portcullis/node-http";
import { main } from "portcullis";
import { classifyResponse } from "../../packages/cli/src/commands/probe/classify-response.ts";
import { createProbeClient } from "../../packages/cli/src/commands/probe/probe-client.ts";
import { freshToken } from "../support/link.ts";
import { openssl, pemOf } from "../support/private-key.ts";
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

test("another host gets no request without --yes if nobody can confirm", async () => {
  const run = await runMain(["probe", "https://example.invalid/a.ipa"]);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /About 48 requests .* will go to example\.invalid\. .*nobody can confirm/);
});

for (const [answer, code, message] of [
  ["n", 2, /not confirmed; nothing was sent/],
  ["", 2, /not confirmed; nothing was sent/],
  ["y", 3, /cannot probe example\.invalid: /],
] as const) {
  test(`on a terminal it asks before it sends requests to another host; the answer is "${answer}"`, async () => {
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

test("with --yes it does not ask; if there is no server, the exit code is 3", async () => {
  const run = await runMain(["probe", "http://127.0.0.1:1/a.ipa", "--yes"]);
  assert.equal(run.code, 3);
  assert.match(
    run.stderr,
    /cannot probe 127\.0\.0\.1:1: nothing listens on that port\nCheck that the server is running/,
  );
  const unknown = await runMain(["probe", "https://example.invalid/a.ipa", "--yes"]);
  assert.match(
    unknown.stderr,
    /cannot probe example\.invalid: this computer cannot find a host with that name\nCheck the spelling/,
  );
});

test("a server whose protocol differs from the URL's is reported, with what to try", async () => {
  const web = await listen((_, response) => response.end("open"));
  const overTls = await runMain(["probe", `${web.replace("http:", "https:")}/a.ipa`]);
  assert.match(overTls.stderr, /cannot probe .*: it does not speak TLS on that port\nTry http:\/\//);
  const shell = createSocketServer((socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"));
  await new Promise<void>((resolve) => shell.listen(0, "127.0.0.1", resolve));
  after(() => shell.close());
  const { port } = shell.address() as AddressInfo;
  const run = await runMain(["probe", `http://127.0.0.1:${port}/a.ipa`]);
  assert.match(run.stderr, /cannot probe .*: it does not speak HTTP on that port\nTry https:\/\//);
});

test("the table fits into 80 columns, and the verdict is on the last line", async () => {
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
    const { verdict, checks } = JSON.parse(stdout);
    assert.equal(code, 1);
    assert.equal(verdict, "FLAWED");
    assert.equal(checks.find((one: { id: string }) => one.id === id).outcome, "fault");
  });
}

test("a server that limits the rate of requests is UNPROVEN", async () => {
  const origin = await listen((_, response) => response.writeHead(429).end());
  const { stdout } = await runMain(["probe", `${origin}/a.ipa`, "--token", freshToken(key)]);
  assert.match(stdout, /UNPROVEN: the server limits the rate of requests \(429\); try again later\.\n$/);
});

test("closing the connection on GET does not count as a refusal", async () => {
  const origin = await listen((request, response) => {
    if (request.method === "GET") request.socket.destroy();
    else response.writeHead(401).end();
  });
  const { stdout, code } = await runMain(["probe", `${origin}/a.ipa`, "--token", freshToken(key)]);
  assert.equal(code, 1);
  assert.match(stdout, /Some requests got no complete response: it closed the connection/);
});

for (const [name, argv, message] of [
  ["key and token at once", ["http://127.0.0.1/", "--private-key", "a", "--token", "b"], /not both/],
  ["no URL", ["example.com/a.ipa"], /pass the whole URL/],
  ["a URL of another kind", ["ftp://example.com/a.ipa"], /must start with https/],
] as const) {
  test(`${name}: a usage error`, async () => {
    const run = await runMain(["probe", ...argv]);
    assert.equal(run.code, 2);
    assert.match(run.stderr, message);
  });
}

test("a certificate that devices reject ends the probe, unless --insecure; the TLS version is printed", async () => {
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

test("a server that supports TLS 1.1 at most is refused, since devices need TLS 1.2", async () => {
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
  assert.match(run.stderr, /older TLS versions: devices would not download from it\nDevices need TLS 1\.2/);
});

for (const [name, token, message] of [
  ["an expired token", freshToken(key, -120), /the token expired 2 min \S* ?\S* ?ago, so it cannot prove anything/],
  ["a token without expiry", signToken(key, { sub: "AppManifest", iss: "JSS" }), /has no expiry/],
  ["text that is not a token", "hello", /cannot be read: it is not a JWT, or is truncated/],
] as const) {
  test(`${name} proves nothing, even if the server accepts it: a usage error`, async () => {
    let requests = 0;
    const origin = await listen((request, response) => {
      requests += 1;
      response.writeHead(request.url?.endsWith(token) ? 200 : 401).end("the app");
    });
    for (const argv of [[`${origin}/a.ipa`, "--token", token], [`${origin}/a.ipa?token=${token}`]]) {
      const run = await runMain(["probe", ...argv]);
      assert.deepEqual([run.code, run.stdout, requests], [2, "", 0]);
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
    const { verdict, checks } = JSON.parse(stdout);
    assert.equal(checks.find((one: { id: string }) => one.id === "echo").outcome, "fault");
    assert.equal(verdict, "FLAWED");
  });
}

const signIn = { type: "text/html", body: "<html>Please sign in</html>" };
const problem = { type: "application/json", body: '{"error":"no token"}' };

for (const { type, body } of [signIn, problem, { type: "application/octet-stream", body: "please sign in" }]) {
  test(`a refusal of type ${type} with status 200 is not mistaken for the app: FLAWED, not OPEN`, async () => {
    const token = freshToken(key);
    const origin = await listen((request, response) => {
      const isValid = request.url === `/a.ipa?token=${token}`;
      response.setHeader("Content-Type", isValid ? "application/octet-stream" : type);
      response.setHeader("Content-Length", isValid ? 7 : body.length);
      response.end(isValid ? "the app" : body);
    });
    const { stdout } = await runMain(["probe", `${origin}/a.ipa`, "--token", token]);
    assert.match(stdout, /FLAWED: it refuses with a page and status 200, which devices treat as the app\.\n$/);
  });
}

for (const { type, body } of [signIn, problem]) {
  test(`a page of type ${type} for every request proves nothing: UNPROVEN, not OPEN`, async () => {
    const origin = await listen((_, response) => response.setHeader("Content-Type", type).end(body));
    const known = await runMain(["probe", `${origin}/a.ipa`, "--token", freshToken(key)]);
    assert.equal(known.code, 1);
    assert.match(
      known.stdout.replace(/\s+/g, " "),
      /UNPROVEN: even with a valid token, the response is a page with status 200/,
    );
    const unknown = await runMain(["probe", `${origin}/a.ipa`]);
    assert.match(
      unknown.stdout.replace(/\s+/g, " "),
      /UNPROVEN: without a token, the response is a page with status 200/,
    );
  });
}

test("an app with the media type of HTML, and a manifest with a different length each time, are OPEN", async () => {
  const asHtml = await listen((_, response) =>
    response.setHeader("Content-Type", "text/html").end("PK\u0003\u0004 app"),
  );
  let count = 0;
  const growing = await listen((_, response) => {
    count += 1;
    const manifest = `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>${"x".repeat(count)}</dict></plist>`;
    response.setHeader("Content-Type", "application/xml").setHeader("Content-Length", manifest.length).end(manifest);
  });
  for (const url of [`${asHtml}/a.ipa`, `${growing}/a.plist`]) {
    for (const more of [[], ["--token", freshToken(key)]]) {
      assert.match((await runMain(["probe", url, ...more])).stdout, /OPEN: anyone with the URL can download\.\n$/);
    }
  }
});

test("the headers of a server cannot control the terminal", async () => {
  const origin = await listen((_, response) => response.setHeader("Content-Type", "a/b\u009b31m").end("the app"));
  const { stdout } = await runMain(["probe", `${origin}/a.ipa`, "--token", freshToken(key)]);
  assert.match(stdout, /Its media type is a\/b.?\\u009b31m/);
});

for (const [status, hint] of [
  [400, "Check that this is the URL of a file."],
  [401, "Check that the server has the public half of the key that signed it."],
  [503, "See the server's log."],
] as const) {
  test(`a valid token refused with ${status} is SHUT, and the verdict says where to look`, async () => {
    const origin = await listen((_request, response) => void response.writeHead(status).end());
    const { code, stdout } = await runMain(["probe", `${origin}/a.ipa?token=${freshToken(key)}`, "--json"]);
    assert.equal(code, 1);
    assert.equal(JSON.parse(stdout).sentence, `a valid token is refused (${status}), so nobody can download. ${hint}`);
  });
}

/** A server that sends these bytes in response to any request, and then what `more` sends. */
async function rawServer(start: string | Buffer, more: (socket: Socket) => void = () => {}): Promise<string> {
  const server = createSocketServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write(start);
      more(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Repeats a piece for as long as the socket is open. */
function repeat(piece: string, milliseconds: number): (socket: Socket) => void {
  return (socket) => {
    const timer = setInterval(() => socket.write(piece), milliseconds);
    socket.on("close", () => clearInterval(timer));
  };
}

const ok = "HTTP/1.1 200 OK\r\n";

for (const [name, start, more, message] of [
  [
    "101 with an Upgrade field",
    `HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n`,
    undefined,
    /switched protocols \(101\)/,
  ],
  ["101 without an Upgrade field", "HTTP/1.1 101 X\r\n\r\n", undefined, /switched protocols \(101\)/],
  ["a header, one byte at a time", ok, repeat("x", 50), /no response within 1 s/],
  ["headers without end", ok, repeat(`X-A: ${"a".repeat(1000)}\r\n`, 1), /more than 16 KiB of headers/],
  ["103 without end, slowly", "", repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 50), /no response within 1 s/],
  [
    "103 without end, quickly",
    "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(500),
    undefined,
    /more than 100 informational responses \(103\)/,
  ],
  ["nothing", "", undefined, /no response within 1 s/],
  ["nothing, and closes the connection", "", (socket: Socket) => socket.end(), /closed the connection before/],
  [
    "nothing, and resets the connection",
    "",
    (socket: Socket) => socket.resetAndDestroy(),
    /closed the connection before/,
  ],
  [
    "two different lengths",
    `${ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
    undefined,
    /its response is not valid HTTP/,
  ],
  ["a body in response to HEAD", `${ok}Content-Length: 5\r\n\r\nhello`, undefined, /sends a body in response to HEAD/],
  ...(["000", "099", "600"] as const).map(
    (status) =>
      [
        `the status ${status}`,
        `HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`,
        undefined,
        /the status \d+, which is not an HTTP status/,
      ] as const,
  ),
  ["a page after 204", "HTTP/1.1 204 X\r\n\r\n<html>", undefined, /sends a body in response to HEAD/],
] as const) {
  test(`a server that sends ${name} is not probed: exit code 3 and one sentence, within the timeout`, async () => {
    const host = await rawServer(start, more);
    const started = performance.now();
    const run = await runMain(["probe", `http://${host}/a.ipa`, "--timeout", "1"]);
    assert.equal(run.code, 3, run.stderr);
    assert.match(run.stderr, new RegExp(`^portcullis: cannot probe ${host}: `));
    assert.match(run.stderr, message);
    assert.ok(performance.now() - started < 30_000, "the second of --timeout, and what a busy machine adds");
  });
}

for (const [name, bytes] of [
  ["random bytes", randomBytes(4096)],
  ["an alert", Buffer.from("15030300020228", "hex")],
  ["a record longer than TLS allows", Buffer.concat([Buffer.from("160303ffff", "hex"), randomBytes(0xffff)])],
  ["half of a record", Buffer.from("160303004a0200", "hex")],
] as const) {
  test(`a server that sends ${name} in the TLS handshake is not probed: exit code 3 and one sentence`, async () => {
    const host = await rawServer(bytes);
    const run = await runMain(["probe", `https://${host}/a.ipa`, "--timeout", "1"]);
    assert.equal(run.code, 3);
    assert.match(
      run.stderr,
      /^portcullis: cannot probe .*: (it does not speak TLS|the TLS handshake failed|no response within 1 s)/,
    );
    assert.doesNotMatch(run.stderr, /error:|routines|\.c:/);
  });
}

for (const [name, body] of [
  ["a body, one byte at a time", "Content-Length: 100\r\n\r\n"],
  ["chunks without end", "Transfer-Encoding: chunked\r\n\r\n"],
] as const) {
  test(`a file whose response is ${name}, counts as served, and as a fault`, async () => {
    const piece = body.includes("chunked") ? "1\r\nx\r\n" : "x";
    const server = createSocketServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (request) => {
        const isHead = request.toString().startsWith("HEAD");
        socket.write(isHead ? `${ok}Content-Length: 100\r\n\r\n` : `${ok}${body}`);
        if (!isHead) repeat(piece, 20)(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    after(() => server.close());
    const client = createProbeClient({ timeout: 0.2, insecure: false });
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a.ipa`);
    const response = await client.request("GET", url, "");
    client.close();
    assert.equal(response.status, 200);
    assert.ok(response.body.length > 0);
    assert.deepEqual(response.problem, { sentence: "its response was not complete after 0.2 s" });
    assert.equal(classifyResponse(response, undefined, url.pathname), "through");
  });
}

test("only 4 KiB of an endless body are kept", async () => {
  const origin = await listen((_, response) => {
    const timer = setInterval(() => response.write(Buffer.alloc(100_000)), 1);
    response.on("close", () => clearInterval(timer));
  });
  const client = createProbeClient({ timeout: 5, insecure: false });
  const { body, problem } = await client.request("GET", new URL(`${origin}/a.ipa`), "");
  client.close();
  assert.deepEqual([body.length, problem], [4096, undefined]);
});

for (const [name, credential, links] of [
  ["a private key", "--private-key", "tokens signed with your key, one of which never expires"],
  ["a token", "--token", "links with your token"],
] as const) {
  test(`with ${name}, an open server is reported before a working token is sent`, async () => {
    const privatePem = join(temporaryFolder(), "key.pem");
    writeFileSync(privatePem, pemOf(key.privateKey), { mode: 0o600 });
    const value = credential === "--token" ? freshToken(key) : privatePem;
    let withToken = 0;
    let warnedAfter = -1;
    let errors = "";
    const stderr = new Writable({
      write(chunk, _encoding, done) {
        errors += chunk;
        if (errors.includes("is open")) warnedAfter = Math.max(warnedAfter, withToken);
        done();
      },
    });
    const origin = await listen((request, response) => {
      if (request.url?.includes("token=")) withToken += 1;
      response.end("the app");
    });
    const argv = ["probe", `${origin}/a.ipa`, credential, value];
    await main({
      argv,
      env: {},
      stdin: new PassThrough(),
      stdout: new PassThrough(),
      stderr,
      signals: new EventEmitter(),
    });
    assert.equal(warnedAfter, 0);
    assert.ok(withToken > 20);
    assert.match(
      errors.replace(/\s+/g, " "),
      new RegExp(`This probe will leave working links in its log: ${links}\\.`),
    );
  });
}

test("a server that refuses, or gets no working link, produces no warning about working links", async () => {
  const locked = await listen(guard({ keys: key.publicPem }, (_, response) => response.end("the app")));
  const open = await listen((_, response) => response.end("the app"));
  assert.equal((await runMain(["probe", `${locked}/a.ipa`, "--token", freshToken(key)])).stderr, "");
  assert.equal((await runMain(["probe", `${open}/a.ipa`])).stderr, "");
});

test("a valid token that gets no response is SHUT", async () => {
  const token = freshToken(key);
  const origin = await listen((request, response) => {
    if (request.url?.endsWith(token)) request.socket.destroy();
    else response.writeHead(401).end();
  });
  const { stdout } = await runMain(["probe", `${origin}/a.ipa`, "--token", token]);
  assert.match(
    stdout.replace(/\s+/g, " "),
    /SHUT: a request with a valid token gets no response: it closed the connection/,
  );
});

test("a URL that a shell may have truncated at & in front of its token gets the advice to quote it", async () => {
  const origin = await listen((_, response) => response.writeHead(401).end());
  const { stderr } = await runMain(["probe", `${origin}/a.ipa?v=2`]);
  assert.match(stderr.replace(/\s+/g, " "), /the shell has truncated it there: put it in quotes/);
  for (const link of [`${origin}/a.ipa`, `${origin}/a.ipa?v=2&token=${freshToken(key)}`]) {
    assert.equal((await runMain(["probe", link])).stderr, "");
  }
});
