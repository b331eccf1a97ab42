import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { createGate, findTokens, fingerprintToken } from "@portcullis/core";
import { createRedactStream } from "../../packages/cli/src/commands/redact/redact-stream.ts";
import { checkUrl } from "../../packages/cli/src/gate/check-url.ts";
import { openLog } from "../../packages/cli/src/log-files/open-log.ts";
import { createTokenBlocks } from "../../packages/cli/src/log-files/token-blocks.ts";
import { createTerminal } from "../../packages/cli/src/terminal/terminal.ts";
import { assertLinear } from "../support/assert-linear.ts";
import { portcullisCommand } from "../support/portcullis-process.ts";
import { runMain } from "../support/run-main.ts";
import { jamfClaims, segment, signingKey, signToken, testTime } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const key = signingKey();
const otherKey = signingKey();
const publicPem = join(folder, "public.pem");
writeFileSync(publicPem, key.publicPem);
const valid = signToken(key);
const expired = signToken(key, { ...jamfClaims, exp: testTime - 3600 });
const foreign = signToken(otherKey);
const print = await fingerprintToken(valid);
const silent = createTerminal(new Writable(), {});

async function redact(chunks: readonly (string | Buffer)[], parameter = "token"): Promise<string> {
  const pieces: Buffer[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      pieces.push(chunk);
      done();
    },
  });
  await pipeline(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), createRedactStream(parameter), sink);
  return Buffer.concat(pieces).toString();
}

/** One line of each kind of log. */
const lines: Readonly<Record<string, string>> = {
  nginx: '10.0.0.1 - - [21/Aug/2017:14:05:14 +0000] "GET /a.ipa?v=1&token=TOKEN HTTP/1.1" 200 5 "-" "dmd/67"',
  apache: 'a.example:443 10.0.0.1 - - [21/Aug/2017:14:05:14 +0000] "HEAD /a.ipa?token=TOKEN&x=2 HTTP/1.1" 200 -',
  caddy: '{"level":"info","request":{"method":"GET","uri":"/a.ipa?v=1\\u0026token=TOKEN","headers":{}},"status":200}',
  haproxy:
    'haproxy[1]: 10.0.0.1:5 [21/Aug/2017:14:05:14.1] in out/s 0/0/1 200 5 - - ---- "GET /a.ipa?token=TOKEN HTTP/1.1"',
  referer: '"GET /b" "https://example.com/?u=https%3A%2F%2Fexample.com%2Fa.ipa%3Ftoken%3DTOKEN%26v%3D1"',
  "referer, encoded twice": '"https://example.com/?u=%252Fa.ipa%253Ftoken%253DTOKEN%2526v%253D1"',
  "encoded name": '"GET /a.ipa?%74ok%65n=TOKEN HTTP/1.1"',
  header: "Authorization: Bearer TOKEN",
  "field of its own": '{"arg_token":"TOKEN"}',
  "other parameter": "GET /a.ipa?jwt=TOKEN HTTP/1.1",
  "end of the log": "/a.ipa?token=TOKEN",
  IIS: "2017-08-21 14:05:14 10.0.0.1 GET /a.ipa token=TOKEN|-|0|404 443 - 10.0.0.2 dmd/67 404 0 2",
  CSV: "1,https://example.com/a.ipa?token=TOKEN,200",
  "quoted CSV": '1;"/a.ipa?token=TOKEN";"200"',
  cookie: "Cookie: token=TOKEN; a=b",
  JSON: '{"url":"/a.ipa?token=TOKEN","query":{"token":"TOKEN"},"list":["TOKEN",1]}',
  "JSON in JSON": '{"message":"{\\"url\\":\\"/a.ipa?token=TOKEN\\"}"}',
  "single quotes": "curl 'https://example.com/a.ipa?token=TOKEN'",
  "back ticks": "run `curl https://example.com/a.ipa?token=TOKEN`",
  Markdown: "[the app](https://example.com/a.ipa?token=TOKEN), [[TOKEN]]",
  XML: "<string>https://example.com/a.ipa?v=1&amp;token=TOKEN</string>",
  "a chat": "<https://example.com/a.ipa?token=TOKEN|the app>",
  "nginx, escaped": '{"request":"GET /a.ipa?token=TOKEN\\x22 HTTP/1.1"}',
  path: '"GET /TOKEN/a.ipa HTTP/1.1" 404',
  fragment: '"GET /a.ipa#token=TOKEN HTTP/1.1" 404',
  "tabs and other columns": "10.0.0.1\t/a.ipa?token=TOKEN\t200",
  "quoted-printable": 'href=3D"https://example.com/a.ipa?token=3DTOKEN"',
};

/** Breaks a text into lines, with something in front of each line but the first. */
const wrapped = (text: string, width: number, lineEnd: string): string =>
  (text.match(new RegExp(`.{1,${width}}`, "g")) ?? []).join(lineEnd);

test("a token that an email program or a terminal has wrapped is found whole, at every width and with every chunk", async () => {
  for (const lineEnd of ["\n", "\r\n", "\n> ", "\r\n  ", "\n\t"]) {
    for (const width of [40, 72, 76, 78, 80, 120, 200, 430]) {
      for (const after of ["", ".", "&x=1", " and more"]) {
        const log = `See https://example.com/a.ipa?token=${wrapped(valid, width, lineEnd)}${after}\nnext word\n`;
        const place = JSON.stringify([lineEnd, width, after]);
        const expectedLog = `See https://example.com/a.ipa?token=${print}${after}\nnext word\n`;
        assert.equal(await redact([log]), expectedLog, place);
        assert.equal(await redact(log.match(/.{1,50}/gs) ?? []), expectedLog, place);
      }
    }
  }
  const stdin = `${wrapped(valid, 76, "\n")}\nlast\n`;
  const { stdout } = await runMain(["scan-logs", "-", "--key", publicPem, "--json"], { now: () => testTime, stdin });
  const { logs, tokens } = JSON.parse(stdout);
  assert.deepEqual([logs[0].found.valid, logs[0].found.unreadable, logs[0].lines, tokens[0].line], [1, 0, 7, 1]);
});

test("a wrapped token that is also percent-encoded is found whole, at every width, line ends encoded or not", async () => {
  const encodings: Record<string, (text: string) => string> = {
    "its dots": (text) => text.replaceAll(".", "%2E"),
    "its dots, twice": (text) => text.replaceAll(".", "%252e"),
    "its dots, by escapes that are encoded": (text) => text.replaceAll(".", "%25%32%45"),
    "the whole of it": encodeAll,
    "the link around it": encodeURIComponent,
    "the link around it, twice": (text) => encodeURIComponent(encodeURIComponent(text)),
  };
  for (const [name, encode] of Object.entries(encodings)) {
    const encoded = encode(`/a.ipa?token=${valid}&x=`).split(encode(valid));
    for (const lineEnd of ["\n", "\r\n> ", "=\n", "%0A", "%0d%0a%20", "%250A", "\\n", "\\r\\n", "\\u000a"]) {
      for (const width of [24, 72, 77]) {
        const log = `See /?u=${encoded[0]}${wrapped(encode(valid), width, lineEnd)}${encoded[1]}2 and\nmore\n`;
        const expected = `See /?u=${encoded[0]}${print}${encoded[1]}2 and\nmore\n`;
        assert.equal(await redact([log]), expected, JSON.stringify([name, lineEnd, width]));
        assert.equal(await redact(log.match(/.{1,50}/gs) ?? []), expected, JSON.stringify([name, lineEnd, width]));
      }
    }
  }
});

test("text before a wrapped token does not hide it, and no word of the next line is included", async () => {
  for (const before of [
    "token=eyJa",
    "eyJa.b",
    "eyJa.b.",
    "eyJa.eyJb.c",
    "token=eyJhbGciOiJSUzI1NiJ9",
    valid,
    expired,
  ]) {
    const stdin = `${before}\n${valid}\nword\n`;
    const { stdout } = await runMain(["scan-logs", "-", "--key", publicPem, "--json"], { now: () => testTime, stdin });
    assert.equal(JSON.parse(stdout).logs[0].found.valid, before === valid ? 2 : 1, before.slice(0, 30));
    assert.ok((await redact([stdin])).endsWith(`\n${print}\nword\n`), before.slice(0, 30));
  }
  assert.equal(
    await redact([`${valid.slice(0, 300)}\nword\n`]),
    `${await fingerprintToken(valid.slice(0, 300))}\nword\n`,
  );
});

test("a bare token is found whole wherever its first line ends, and whatever is in front of it", async () => {
  const withKid = signToken(key, jamfClaims, { alg: "RS256", typ: "JWT", kid: "a key" });
  const longer = signToken(signingKey(4096));
  for (const token of [valid, withKid, longer]) {
    const fingerprint = await fingerprintToken(token);
    for (const before of [
      "Authorization: Bearer ",
      "",
      "> ",
      "GET /",
      "eyJa.eyJb.c\n",
      "eyJhbGciOiJSUzI1NiJ9\n",
      "u=%2F%3Ftoken%3D",
    ]) {
      for (const lineEnd of ["\n", "\r\n> > ", "=\n"]) {
        for (let first = 1; first <= 72; first += before === "" ? 1 : 5) {
          const log = `${before}${token.slice(0, first)}${lineEnd}${wrapped(token.slice(first), 72, lineEnd)}\nbye\n`;
          const redacted = await redact(log.match(/.{1,100}/gs) ?? []);
          const place = JSON.stringify([before, lineEnd, first, redacted.slice(0, 200)]);
          assert.ok(redacted.endsWith(`${fingerprint}\nbye\n`), place);
          assert.ok(redacted.length <= before.length + 14, place);
        }
      }
    }
  }
});

test("wrapped lines take linear time", () => {
  for (const line of [
    "eyJhbGciOiJSUzI1NiJ9aaaa\n",
    `${"a".repeat(39)}\n`,
    "token=eyJa.eyJb.cccccccccccccccccccc\n> ",
    "e\n",
    "eyJhbGciOiJSUzI1NiJ9.eyJh.\n",
    `eyJh.eyJh.${"a".repeat(342)}\n`,
    `${"eyJ".repeat(30)}.eyJh.${"a".repeat(342)}\n`,
    "%25%32%35%25%32%35%25\n",
    "%65%79%4A%2E%65%79%2E\n",
    "%0A%0A%0A%0A%0A%0A%0Aa\n",
    "%0D%25%25%0D%250\n",
    "eyJhbGciOiJSUzI1NiJ9aaaa\\n",
  ]) {
    assertLinear((length) => {
      const blocks = createTokenBlocks("token");
      const text = Buffer.from(line.repeat(length / line.length));
      for (let at = 0; at < text.length; at += 64 * 1024) blocks.next(text.subarray(at, at + 64 * 1024));
      blocks.last();
    }, 500_000);
  }
});

for (const [name, line] of Object.entries(lines)) {
  test(`redact, ${name}: the fingerprint replaces the token, and nothing else is changed`, async () => {
    const log = `first\n${line.replaceAll("TOKEN", valid)}\nlast\n`;
    assert.equal(await redact([log]), `first\n${line.replaceAll("TOKEN", print)}\nlast\n`);
    assert.equal(await redact([line.replaceAll("TOKEN", valid)]), line.replaceAll("TOKEN", print));
  });

  test(`scan-logs, ${name}: a valid token is found, with exit code 1`, async () => {
    const stdin = `first\n${line.replaceAll("TOKEN", valid)}\nlast\n`;
    const { code, stdout } = await runMain(["scan-logs", "-", "--key", publicPem, "--json"], {
      now: () => testTime,
      stdin,
    });
    const { logs, tokens } = JSON.parse(stdout);
    const count = line.split("TOKEN").length - 1;
    assert.deepEqual([code, logs[0].found.valid, logs[0].lines], [1, count, 3]);
    assert.deepEqual([tokens[0].fingerprint, tokens[0].line, tokens[0].times], [print, 2, count]);
  });
}

const encodeAll = (text: string) => text.replace(/./g, (character) => `%${character.charCodeAt(0).toString(16)}`);

for (const [name, written] of Object.entries({
  "with encoded dots": valid.replaceAll(".", "%2E"),
  "with dots encoded twice": valid.replaceAll(".", "%252e"),
  "with one letter encoded": valid.replace("J", "%4a"),
  "with every letter encoded": encodeAll(valid),
  "with every letter encoded twice": encodeAll(encodeAll(valid)),
  "with the escapes of nginx": valid.replaceAll(".", "\\x2E"),
  "with the escapes of JSON": valid.replaceAll(".", "\\u002e"),
})) {
  test(`a token ${name} is redacted with the fingerprint of serve, and counts as valid`, async () => {
    for (const [before, after] of [
      ['"GET /a.ipa?token=', " HTTP/1.1"],
      ['"GET /?u=%2Fa%3Ftoken%3D', "%26x HTTP/1.1"],
      ["GET /", "|200"],
    ]) {
      assert.equal(await redact([`${before}${written}${after}\n`]), `${before}${print}${after}\n`);
      const run = await runMain(["scan-logs", "-", "--key", publicPem], {
        now: () => testTime,
        stdin: `${before}${written}${after}\n`,
      });
      assert.equal(run.code, 1);
      assert.match(run.stdout, new RegExp(`STILL VALID[^\\n]*\\n  ${print}`));
    }
  });
}

test("a token that a mail has wrapped is redacted across lines, even if they come in separate chunks", async () => {
  const lines = [`token=3D${valid.slice(0, 50)}=`, `${valid.slice(50, 120)}=`, `${valid.slice(120)} end`];
  for (const lineEnd of ["\n", "\r\n"]) {
    const mail = lines.join(lineEnd);
    assert.equal(await redact([mail]), `token=3D${print} end`);
    for (let at = 1; at < mail.length; at += 7) {
      assert.equal(await redact([mail.slice(0, at), mail.slice(at)]), `token=3D${print} end`);
    }
  }
});

test("the fingerprint of redact is the one that serve logs for the same link", async () => {
  const { facts } = await checkUrl(createGate({ keys: key.publicPem }), `/a.ipa?token=${valid}`, () => testTime);
  assert.equal(await redact([`/a.ipa?token=${valid}`]), `/a.ipa?token=${facts.token}`);
});

test("redact recognizes a token that is split between chunks, anywhere", async () => {
  const log = `${lines.nginx?.replace("TOKEN", valid)}\n${lines.referer?.replace("TOKEN", valid)}\n`;
  const expected = `${lines.nginx?.replace("TOKEN", print)}\n${lines.referer?.replace("TOKEN", print)}\n`;
  for (let at = 1; at < log.length; at += 1) assert.equal(await redact([log.slice(0, at), log.slice(at)]), expected);
  assert.equal(await redact([...log]), expected);
});

test("redact replaces the value of the parameter even if it is not a JWT", async () => {
  assert.equal(
    await redact(["GET /a?token=hello%20world&b=1 x"]),
    `GET /a?token=${await fingerprintToken("hello")}%20world&b=1 x`,
  );
  assert.equal(await redact(["GET /a?token=&b=1 HTTP"]), "GET /a?token=&b=1 HTTP");
  assert.equal(await redact(["GET /a?mytoken=hello&tokens=1&token HTTP"]), "GET /a?mytoken=hello&tokens=1&token HTTP");
  assert.equal(
    await redact(["GET /a?jwt=hello&token=x HTTP"], "jwt"),
    `GET /a?jwt=${await fingerprintToken("hello")}&token=x HTTP`,
  );
});

test("redact replaces a truncated token, and leaves other base64 unchanged", async () => {
  const cut = valid.slice(0, 200);
  assert.equal(await redact([`"GET /a?x=${cut}`]), `"GET /a?x=${await fingerprintToken(cut)}`);
  const innocent = "eyJ is not one, nor is eyJhbGciOiJSUzI1NiJ9 alone, or abceyJhbGciOiJSUzI1NiJ9.x in a word";
  assert.equal(await redact([innocent]), innocent);
});

test("redact leaves bytes that are not text unchanged", async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
  const pieces: Buffer[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      pieces.push(chunk);
      done();
    },
  });
  await pipeline(Readable.from([bytes, bytes]), createRedactStream("token"), sink);
  assert.deepEqual(Buffer.concat(pieces), Buffer.concat([bytes, bytes]));
});

test("redact needs bounded memory for a line without end, and lets no part of an endless token through", async () => {
  const chunk = Buffer.alloc(64 * 1024, "A");
  const secret = Array.from({ length: 40 }, () => chunk);
  const out = await redact(["GET /a?token=", ...secret, " HTTP/1.1\nnext\n"]);
  assert.match(out, /^GET \/a\?token=[0-9a-f]{8} HTTP\/1\.1\nnext\n$/);
  const padded = await redact([...secret.map(() => Buffer.alloc(64 * 1024, "x y")), ` ?token=${valid} end`]);
  assert.ok(padded.endsWith(` ?token=${print} end`));
  assert.equal(padded.length, 40 * 64 * 1024 + ` ?token=${print} end`.length);
});

test("redact works as a filter: exit code 0, and a silent end when its reader closes", async () => {
  const [program, ...first] = portcullisCommand();
  const child = spawn(program, [...first, "redact"]);
  let stdout = "";
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stdin.end(`${lines.nginx?.replace("TOKEN", valid)}\n`);
  const code = await new Promise((resolve) => child.on("close", resolve));
  assert.deepEqual([code, stdout], [0, `${lines.nginx?.replace("TOKEN", print)}\n`]);

  const log = join(folder, "big.log");
  writeFileSync(log, "no token here\n".repeat(500_000));
  const pipe = spawn("sh", ["-c", `"$@" redact < ${log} | head -n 1`, "sh", program, ...first]);
  let [head, errors] = ["", ""];
  pipe.stdout.on("data", (chunk) => (head += chunk));
  pipe.stderr.on("data", (chunk) => (errors += chunk));
  await new Promise((resolve) => pipe.on("close", resolve));
  assert.deepEqual([head, errors], ["no token here\n", ""]);
});

function accessLog(): string {
  return [
    lines.nginx?.replace("TOKEN", valid),
    lines.apache?.replace("TOKEN", expired),
    "nothing here",
    lines.caddy?.replace("TOKEN", valid),
    lines.haproxy?.replace("TOKEN", foreign),
    lines.referer?.replace("TOKEN", valid),
    "",
  ].join("\n");
}

test("scan-logs reports which tokens are still valid, for how long, with which key, and where they are", async () => {
  const plain = join(folder, "access.log");
  const packed = join(folder, "access.log.1.gz");
  writeFileSync(plain, accessLog());
  writeFileSync(packed, gzipSync(accessLog()));
  const { code, stdout } = await runMain(["scan-logs", plain, packed, "--key", publicPem], { now: () => testTime });
  assert.equal(code, 1);
  assert.match(stdout, /access\.log +5 tokens in 6 lines: 3 valid, 1 refused, 1 expired/);
  assert.match(stdout, /access\.log\.1\.gz +5 tokens in 6 lines/);
  assert.match(stdout, /STILL VALID: anyone who reads these lines can download now/);
  assert.match(stdout, new RegExp(`  ${print}  10 min left.*public\\.pem.*6 times, first in .*access\\.log:1`));
  assert.match(stdout, /Not expired, but refused with the keys given/);
  assert.match(stdout, /until 2017-08-21 14:15:14 UTC/);
  assert.doesNotMatch(stdout, /eyJ/);
});

test("scan-logs has exit code 0 for logs whose tokens have all expired", async () => {
  const log = join(folder, "old.log");
  writeFileSync(log, accessLog());
  const { code, stdout } = await runMain(["scan-logs", log, "--key", publicPem], { now: () => testTime + 9000 });
  assert.equal(code, 0);
  assert.match(stdout, /5 tokens in 6 lines: 5 expired/);
  assert.match(stdout, /No token in these logs is still valid/);
});

test("scan-logs without a key reports what may be valid, with exit code 1", async () => {
  const { code, stdout } = await runMain(["scan-logs", "-"], { now: () => testTime, stdin: accessLog() });
  assert.equal(code, 1);
  assert.match(stdout, /NOT EXPIRED, and may be valid: pass --key to verify/);
});

test("scan-logs --json contains fingerprints and places, but no token", async () => {
  const { stdout } = await runMain(["scan-logs", "-", "--key", publicPem, "--json"], {
    now: () => testTime,
    stdin: accessLog(),
  });
  const { logs, tokens, complete } = JSON.parse(stdout);
  assert.deepEqual(logs[0].found, { valid: 3, unverified: 0, refused: 1, expired: 1, unreadable: 0 });
  assert.equal(complete, true);
  const found = tokens.find(({ worth }: { worth: string }) => worth === "valid");
  assert.deepEqual([found.fingerprint, found.line, found.times, found.secondsLeft], [print, 1, 3, 600]);
  assert.doesNotMatch(stdout, /eyJ/);
});

test("scan-logs continues after a log that cannot be read, with exit code 3", async () => {
  const log = join(folder, "after.log");
  writeFileSync(log, accessLog());
  const broken = join(folder, "broken.gz");
  writeFileSync(broken, gzipSync(accessLog()).subarray(0, 60));
  const { code, stdout, stderr } = await runMain(["scan-logs", join(folder, "no.log"), broken, log], {
    now: () => testTime,
  });
  assert.equal(code, 3);
  assert.match(stderr, /no\.log cannot be read: there is no such file or folder\n/);
  assert.match(stderr, /broken\.gz cannot be read: unexpected end of file/);
  assert.match(stdout, /after\.log/);
});

test("scan-logs and redact need bounded memory for 300 MB of log", async () => {
  const block = Buffer.from(
    `${lines.nginx}\n`.replace("TOKEN", expired).repeat(200) + "GET /index.html HTTP/1.1\n".repeat(20_000),
  );
  for (const command of ["scan-logs -", "redact"]) {
    const [program, ...first] = portcullisCommand();
    const child = spawn(program, [...first, ...command.split(" ")], { stdio: ["pipe", "ignore", "inherit"] });
    let peak = 0;
    const closed = new Promise((resolve) => child.on("close", resolve));
    async function* log(): AsyncGenerator<Buffer> {
      for (let sent = 0; sent < 300e6; sent += block.length) {
        yield block;
        const [, size] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [];
        peak = Math.max(peak, Number(size) / 1024);
      }
    }
    await pipeline(log, child.stdin);
    assert.equal(await closed, 0);
    // Node.js with the TypeScript loader takes about 90 MB before it reads anything.
    assert.ok(peak > 30 && peak < 220, `${command} took ${Math.round(peak)} MB`);
  }
});

test("scan-logs: refused tokens cannot displace a valid one from the list, and an incomplete list is reported", async () => {
  const claims = (jti: number) => segment({ ...jamfClaims, jti });
  const strange = Array.from(
    { length: 10_050 },
    (_, index) => `GET /a?token=${segment({ alg: "RS256" })}.${claims(index)}.AAAA`,
  );
  const run = await runMain(["scan-logs", "-", "--key", publicPem], {
    now: () => testTime,
    stdin: [...strange, `GET /a?token=${valid}`, ""].join("\n"),
  });
  assert.equal(run.code, 1);
  assert.match(run.stdout, /10,051 lines: 1 valid, 10,050 refused\n/);
  assert.match(run.stdout, new RegExp(`STILL VALID[^\\n]*\\n  ${print}  10 min left`));
  assert.match(run.stdout, /Keep these logs secret until 2017/);
  assert.match(run.stderr, /more unexpired tokens than the list can hold; the counts include all of them/);
});

test("scan-logs does not count text that is not a token as expired", async () => {
  const { code, stdout } = await runMain(["scan-logs", "-", "--key", publicPem], {
    now: () => testTime,
    stdin: `GET /a?token=abc\nGET /a?token=${expired}\nGET /a?token=${valid.slice(0, 60)}\n`,
  });
  assert.equal(code, 0);
  assert.match(stdout, /3 tokens in 3 lines: 1 expired, 2 unreadable\n/);
});

test("scan-logs reads a large compressed log without a warning of Node.js", async () => {
  const log = join(folder, "noise.gz");
  writeFileSync(log, gzipSync(randomBytes(24_000_000).toString("base64"), { level: 1 }));
  const [program, ...first] = portcullisCommand();
  const child = spawn(program, [...first, "scan-logs", log], { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk) => (errors += chunk));
  const code = await new Promise((resolve) => child.on("close", resolve));
  assert.deepEqual([code, errors], [0, ""]);
});

test("the tokens in a truncated log count, and the rest is not reported as clean", async () => {
  const log = join(folder, "breaks-off.gz");
  // With spaces, because a run of base64 that is as long as a signature could be one.
  const noise = randomBytes(2_000_000).toString("base64").replace(/.{76}/g, "$& ");
  const packed = gzipSync(`GET /a?token=${valid}\n${noise}\n`);
  writeFileSync(log, packed.subarray(0, packed.length - 100_000));
  const run = await runMain(["scan-logs", log, "--key", publicPem], { now: () => testTime });
  assert.equal(run.code, 3);
  assert.match(run.stdout, /breaks-off\.gz {2}1 token in 1 line: 1 valid; the rest is unreadable\n/);
  assert.match(run.stdout, new RegExp(`STILL VALID[^\\n]*\\n  ${print}`));

  const unread = await runMain(["scan-logs", join(folder, "no.log"), "--json"]);
  assert.equal(unread.code, 3);
  assert.equal(JSON.parse(unread.stdout).logs[0].problem, "there is no such file or folder");
  const { stdout } = await runMain(["scan-logs", join(folder, "no.log")]);
  assert.match(stdout, /Not all of these logs could be read/);
  assert.doesNotMatch(stdout, /no token/i);
});

const utf16 = Buffer.from(`\uFEFFGET /a?token=${valid}\r\n`, "utf16le");

for (const [name, bytes] of Object.entries({
  "in UTF-16": utf16,
  "in UTF-16 with the other byte order": Buffer.from(utf16).swap16(),
  "in UTF-16 without a mark": utf16.subarray(2),
  "in UTF-16, compressed": gzipSync(utf16),
})) {
  test(`scan-logs finds the token in a log ${name}, and redact refuses to copy it`, async () => {
    for (const pieces of [[bytes], [...bytes].map((byte) => Buffer.of(byte))]) {
      const { chunks } = await openLog("-", { stdin: Readable.from(pieces), err: silent });
      const read: Buffer[] = [];
      for await (const chunk of chunks) read.push(chunk);
      const found = findTokens(Buffer.concat(read).toString("latin1"));
      assert.equal(found.length, 1);
    }
    const refused = await runMain(["redact"], { stdin: bytes });
    assert.deepEqual([refused.code, refused.stdout], [3, ""]);
    assert.match(refused.stderr, /in (utf-16[bl]e|gzip) format, in which no token can be found; nothing was copied/);
  });
}

for (const [name, start, remedy] of [
  ["bzip2", "BZh91AY&SY", "bzcat"],
  ["xz", "\u00fd7zXZ\u0000\u0000", "xzcat"],
  ["zstd", "(\u00b5/\u00fd\u0004X", "zstdcat"],
  ["compress", "\u001f\u009d\u0090", "zcat"],
  ["zip", "PK\u0003\u0004\u0014\u0000", "unzip -p"],
  ["systemd's journal", "LPKSHHRH\u0000", "journalctl -o cat --file"],
] as const) {
  test(`a log in ${name} format is refused, with the command that decompresses it`, async () => {
    const log = join(folder, "packed.log");
    writeFileSync(log, Buffer.from(start, "latin1"));
    const scanned = await runMain(["scan-logs", log]);
    assert.equal(scanned.code, 3);
    assert.ok(scanned.stderr.includes(`it is in ${name} format: decompress it first, with ${remedy}`), scanned.stderr);
    const advised = await runMain(["advise", log]);
    assert.match(advised.stderr, /decompress it first/);
    const refused = await runMain(["redact"], { stdin: Buffer.from(start, "latin1") });
    assert.deepEqual([refused.code, refused.stdout], [3, ""]);
    assert.ok(refused.stderr.includes(`${remedy} FILE | portcullis redact`), refused.stderr);
  });
}

test("a log too short to identify its format is copied unchanged", async () => {
  for (const text of ["", "a", "PK\n"]) assert.equal((await runMain(["redact"], { stdin: text })).stdout, text);
});

for (const piece of [
  "token=",
  "eyJ",
  "%74oken%3D",
  "eyJ.",
  "token=%74oken%3D",
  "%25",
  "=\n",
  "a",
  "eyJ.eyJ.",
  "\\x2e",
]) {
  test(`a log that repeats ${JSON.stringify(piece)} is read in linear time`, () => {
    // A client chooses what is in the log: for a quadratic reader, eight megabytes take 15 s or more.
    assertLinear((length) => {
      const blocks = createTokenBlocks("token");
      const chunk = Buffer.from(piece.repeat(64_000 / piece.length));
      for (let sent = 0; sent < length; sent += chunk.length) blocks.next(chunk);
      blocks.last();
    }, 2_000_000); // below, the length of the blocks shows
  });
}

test("scan-logs does not count a fingerprint or REDACTED as a token", async () => {
  const log = join(folder, "clean.log");
  writeFileSync(log, `${await redact([`GET /a.ipa?token=${valid} 200\n`])}GET /a.ipa?token=REDACTED 200\n`);
  const { code, stdout } = await runMain(["scan-logs", log, "--key", publicPem], { now: () => testTime });
  assert.equal(code, 0);
  assert.match(stdout, /clean\.log {2}0 tokens in 2 lines\n\nNo tokens found in these logs\.\n$/);
});

test("on a terminal, the place of a token is on a line of its own if it does not fit into 80 columns", async () => {
  const log = join(folder, `${"long-name-".repeat(4)}.log`);
  writeFileSync(log, `GET /a?token=${valid}\n`);
  const argv = ["scan-logs", log, "--key", publicPem];
  const { stdout } = await runMain(argv, { now: () => testTime, terminal: 80, env: { NO_COLOR: "1" } });
  assert.match(stdout, /public\.pem\n {12}once, first in .*:1\n/);
  assert.match((await runMain(argv, { now: () => testTime })).stdout, /public\.pem {2}once, first in .*:1\n/);
});

test("with --path-bound, a token that names a path counts as valid, and one without a path does not", async () => {
  const options = { now: () => testTime };
  const scan = async (aud: unknown, ...more: string[]) => {
    const stdin = `GET /x?token=${signToken(key, { ...jamfClaims, aud })} HTTP/1.1\n`;
    return (await runMain(["scan-logs", "-", "--key", publicPem, ...more], { ...options, stdin })).code;
  };
  assert.equal(await scan("/f/a", "--path-bound"), 1);
  assert.equal(await scan("/f/a"), 0);
  for (const aud of [undefined, "", "f", "/f?x", ["/f/a"]])
    assert.equal(await scan(aud, "--path-bound"), 0, String(aud));
});
