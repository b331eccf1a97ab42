import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { fingerprintToken } from "@portcullis/core";
import { humanLine } from "../../../packages/cli/src/decision-log/human-line.ts";
import { createTerminal } from "../../../packages/cli/src/terminal/terminal.ts";
import { freshToken } from "../../support/link.ts";
import { rawRequest } from "../../support/raw-request.ts";
import { runMain } from "../../support/run-main.ts";
import { servedFolder } from "../../support/served-folder.ts";

const { key, args: serveArgs, start: started } = servedFolder({ "app.ipa": "0123456789" });

test("each request has one log line with its decision and without its token", async () => {
  const portcullis = started();
  const port = await portcullis.port();
  const token = freshToken(key, 300);
  const headers = { Range: "bytes=2-4", "User-Agent": "com.apple.appstored/1.0 iOS/17.5 model/iPhone14,5" };
  await rawRequest(port, `/app.ipa?x=1&token=${token}`, { headers });
  const {
    time,
    duration,
    secondsLeft,
    key: keyId,
    ...rest
  } = await portcullis.line(({ event }) => event === "download");
  assert.deepEqual(rest, {
    level: "info",
    event: "download",
    method: "GET",
    path: "/app.ipa",
    status: 206,
    code: "allowed",
    token: await fingerprintToken(token),
    size: 10,
    bytes: 3,
    complete: true,
    range: "bytes=2-4",
    client: "ios-app-install",
    address: "127.0.0.1",
  });
  assert.match(String(time), /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.match(String(keyId), /^[\w-]{43}$/);
  assert.ok(Number(duration) >= 0 && Number(secondsLeft) >= 298 && Number(secondsLeft) <= 300);
  assert.equal(JSON.stringify(portcullis.log).includes(token.split(".")[2] ?? "?"), false);
});

test("HEAD sends no byte of the file and counts as complete", async () => {
  const portcullis = started();
  await rawRequest(await portcullis.port(), `/app.ipa?token=${freshToken(key)}`, { method: "HEAD" });
  const { size, bytes, complete } = await portcullis.line(({ event }) => event === "download");
  assert.deepEqual({ size, bytes, complete }, { size: 10, bytes: 0, complete: true });
});

test("what a client sends can neither forge a log line nor put a token into one", async () => {
  const portcullis = started();
  const port = await portcullis.port();
  const token = freshToken(key);
  await rawRequest(port, `/x%0a;token=${token}/y${"z".repeat(3000)}?token=${token}`, {
    headers: { Range: `bytes=0-1\u009b2J${"9".repeat(2000)}` },
  });
  const line = await portcullis.line(({ event }) => event === "download");
  const text = JSON.stringify(line);
  assert.equal(text.includes(token.split(".")[2] ?? "?"), false);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f]/);
  assert.ok(text.length < 2500);
});

test("a token whose first letters are percent-encoded leaves no signature in the log either", async () => {
  const portcullis = started();
  const port = await portcullis.port();
  const token = freshToken(key);
  for (const spelling of [`%65yJ${token.slice(3)}`, token.replaceAll(".", "%2E"), token.replaceAll(".", "%252e")]) {
    await rawRequest(port, `/x/${spelling}`, { headers: { Range: `bytes=${spelling}` } });
  }
  await portcullis.end();
  assert.equal(portcullis.log.filter(({ event }) => event === "download").length, 3);
  assert.equal(JSON.stringify(portcullis.log).includes((token.split(".")[2] ?? "?").slice(0, 60)), false);
});

test("on a terminal the log is human-readable", async () => {
  const signals = new EventEmitter();
  const { stdout, code } = await runMain(serveArgs, {
    signals,
    terminal: 80,
    env: { NO_COLOR: "1" },
    async onOutput(text) {
      const port = Number(/ on\s+http:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1]);
      if (!port) return;
      await rawRequest(port, `/app.ipa?token=${freshToken(key, -7200)}`);
      signals.emit("SIGTERM");
    },
  });
  assert.equal(code, 0);
  assert.match(stdout, /^\d\d:\d\d:\d\d 401 GET {2}\/app\.ipa token_expired expired 2 h ago, none$/m);
});

const plain = createTerminal(new PassThrough(), { NO_COLOR: "1" });
for (const [secondsLeft, words] of [
  [119, "119 s left"],
  [120, "2 min left"],
  [7199, "120 min left"],
  [-7200, "expired 2 h ago"],
  [-172_799, "expired 48 h ago"],
  [-172_800, "expired 2 days ago"],
  [0, "0 s left"],
] as const) {
  test(`on a terminal ${secondsLeft} seconds are: ${words}`, () => {
    const line = humanLine({ time: "2026-01-01T00:00:00Z", level: "info", event: "download", secondsLeft }, plain);
    assert.ok(line.includes(words), line);
  });
}

for (const [members, words] of [
  [{ code: "allowed", bytes: 999, duration: 999.4, complete: true }, "200 GET  /a.ipa 999 B in 999 ms"],
  [{ bytes: 1000, duration: 1000, complete: true }, "200 GET  /a.ipa 1.0 kB in 1.0 s"],
  [{ bytes: 99_949, duration: 999.5, complete: true }, "200 GET  /a.ipa 99.9 kB in 1.0 s"],
  [{ bytes: 99_950, duration: 0.4, complete: true }, "200 GET  /a.ipa 100 kB in 0 ms"],
  [{ bytes: 999_499, duration: 0.5, complete: true }, "200 GET  /a.ipa 999 kB in 1 ms"],
  [{ bytes: 999_500, duration: 9949, complete: true }, "200 GET  /a.ipa 1.0 MB in 9.9 s"],
  [{ bytes: 999_499_999, duration: 1, complete: true }, "200 GET  /a.ipa 999 MB in 1 ms"],
  [{ bytes: 999_500_000, duration: 1, complete: true }, "200 GET  /a.ipa 1.0 GB in 1 ms"],
  [{ bytes: 999_499_999_999, duration: 1, complete: true }, "200 GET  /a.ipa 999 GB in 1 ms"],
  [{ bytes: 999_500_000_000, duration: 1, complete: true }, "200 GET  /a.ipa 1.0 TB in 1 ms"],
  [{ bytes: 99_900_000, duration: 61_250, complete: true }, "200 GET  /a.ipa 99.9 MB in 61.3 s"],
  [{ bytes: 100e9, duration: 1, complete: true }, "200 GET  /a.ipa 100 GB in 1 ms"],
  [{ bytes: 5e15, duration: 1, complete: true }, "200 GET  /a.ipa 5000 TB in 1 ms"],
  [{ bytes: 1, duration: 1, complete: false, range: "bytes=5-" }, "200 GET  /a.ipa 1 B in 1 ms, incomplete, bytes=5-"],
  [
    { code: "token_expired", resumed: true, complete: true, secondsLeft: -300, client: "curl" },
    "200 GET  /a.ipa token_expired resumed after expiry, expired 5 min ago, curl",
  ],
  [
    { code: "token_missing", reportOnly: true, complete: true, method: "HEAD" },
    "200 HEAD /a.ipa token_missing LET THROUGH",
  ],
  [{ status: 500, problem: "EIO", complete: true }, "500 GET  /a.ipa EIO "],
] as const) {
  test(`on a terminal a decision reads: ${words}`, () => {
    const line = {
      time: "2026-01-01T00:00:00Z",
      level: "info",
      event: "download",
      method: "GET",
      path: "/a.ipa",
      status: 200,
    } as const;
    assert.equal(humanLine({ ...line, ...members }, plain).slice(9), words);
  });
}

test("on a terminal the colour of a decision shows whether it was allowed", () => {
  const colourful = createTerminal(new PassThrough(), { FORCE_COLOR: "1" });
  const line = { time: "2026-01-01T00:00:00Z", level: "info", event: "download" } as const;
  for (const [members, colour] of [
    [{ status: 206 }, "\u001b[32m206"],
    [{ status: 399 }, "\u001b[32m399"],
    [{ status: 400 }, "\u001b[31m400"],
    [{ status: 200, reportOnly: true }, "\u001b[33m200"],
  ] as const)
    assert.ok(humanLine({ ...line, ...members }, colourful).includes(colour), colour);
});

test("on a terminal warnings and errors are labelled, and other messages are not", () => {
  for (const [level, text] of [
    ["info", "listening"],
    ["warn", "warning listening"],
    ["error", "error listening"],
  ] as const)
    assert.equal(humanLine({ time: "2026-01-01T00:00:00Z", level, msg: "listening" }, plain).slice(9), text);
});
