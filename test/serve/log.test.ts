import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { openSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fingerprintToken } from "@portcullis/core";
import { ask } from "../support/ask.ts";
import { freePort } from "../support/free-port.ts";
import { freshToken } from "../support/link.ts";
import { portcullisCommand } from "../support/portcullis-process.ts";
import { rawRequest } from "../support/raw-request.ts";
import { runMain } from "../support/run-main.ts";
import { servedFolder } from "../support/served-folder.ts";

const { base, key, args: serveArgs, start: started } = servedFolder({ "app.ipa": "0123456789" });

test("one log line says of a request what was decided, and holds no token", async () => {
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

test("what a client sends can neither forge a log line nor smuggle a token into one", async () => {
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

test("on a terminal the log is for people", async () => {
  const signals = new EventEmitter();
  const { stdout, code } = await runMain(serveArgs, {
    signals,
    terminal: 80,
    env: { NO_COLOR: "1" },
    async onOutput(text) {
      const port = Number(/ on http:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1]);
      if (!port) return;
      await rawRequest(port, `/app.ipa?token=${freshToken(key, -7200)}`);
      signals.emit("SIGTERM");
    },
  });
  assert.equal(code, 0);
  assert.match(stdout, /^\d\d:\d\d:\d\d 401 GET {2}\/app\.ipa token_expired expired 120 min ago, none$/m);
});

/** A program that does not end must fail the test, not stop it. */
function afterFiveSeconds(): Promise<string> {
  return new Promise((resolve) => setTimeout(resolve, 5000, "it did not end").unref());
}

// The process keeps the other end of its terminal itself, and never reads from it.
const onStoppedTerminal = `import os, pty, sys
master, terminal = pty.openpty()
os.set_inheritable(master, True)
os.dup2(terminal, 1)
os.execv(sys.argv[1], sys.argv[1:])`;

for (const [name, target] of [
  ["a full disk", "/dev/full"],
  ["a pipe that nobody reads", "pipe"],
  ["a pipe that is closed", "closed"],
  ["a terminal that is stopped", "terminal"],
] as const) {
  test(`a log that goes to ${name} stops no download, nor the end`, async () => {
    const command = portcullisCommand();
    const [program, ...first] = target === "terminal" ? ["python3", "-c", onStoppedTerminal, ...command] : command;
    const stdout = target === "/dev/full" ? openSync(target, "w") : "pipe";
    const status = join(base, `${target.replace(/\W/g, "")}.sock`);
    const port = await freePort();
    const args = [...serveArgs, "--port", String(port), "--status", status];
    const child = spawn(program, [...first, ...args], { stdio: ["ignore", stdout, "ignore"] });
    try {
      if (target === "closed") child.stdout?.destroy();
      else child.stdout?.pause();
      for (let tries = 0; tries < 200; tries += 1) {
        const ready = await ask({ socketPath: status, path: "/readyz" }).catch(() => undefined);
        if (ready?.status === 200) break;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
      const path = `/app.ipa?token=${freshToken(key)}&${"x".repeat(2000)}`;
      for (let round = 0; round < 40; round += 1) {
        const answers = await Promise.all(Array.from({ length: 25 }, () => rawRequest(port, path)));
        for (const answer of answers) assert.equal(answer.status, 200);
      }
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      assert.deepEqual(await Promise.race([ended, afterFiveSeconds()]), [0, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });
}
