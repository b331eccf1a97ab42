import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { after, test } from "node:test";
import { freePort, untilClosed, untilListening } from "../support/free-port.ts";
import { portcullisCommand } from "../support/portcullis-process.ts";
import { signingKey } from "../support/signing-key.ts";
import { until } from "../support/slow-reader.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { requireTool, runTool } from "../support/tool.ts";

const folder = temporaryFolder();
const publicPem = join(folder, "public.pem");
writeFileSync(publicPem, signingKey().publicPem);
const serve = ["serve", folder, "--key", publicPem, "--host", "127.0.0.1"];

/** Runs a command that serves in a real terminal; its window is closed by killing the program that shows it. */
async function inTerminal(
  args: readonly string[],
): Promise<{ readonly port: number; readonly terminal: ChildProcessByStdio<Writable, Readable, null> }> {
  const port = await freePort();
  const line = [...portcullisCommand(), ...args, "--port", String(port)].map((word) => `'${word}'`).join(" ");
  const terminal = spawn(requireTool("script"), ["-qec", line, "/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TERM: "xterm", SHELL: "/bin/sh", TMPDIR: folder },
  });
  after(() => terminal.kill("SIGKILL"));
  await untilListening(port);
  return { port, terminal };
}

test("serve ends when its terminal is closed", async () => {
  const { port, terminal } = await inTerminal(serve);
  terminal.kill("SIGKILL");
  await untilClosed(port);
});

test("the demo ends when its terminal is closed, and leaves nothing behind", async () => {
  const hasSamples = () => readdirSync(folder).some((name) => name.startsWith("portcullis-demo-"));
  const { port, terminal } = await inTerminal(["demo"]);
  assert.ok(hasSamples());
  terminal.kill("SIGKILL");
  await untilClosed(port);
  await until(() => !hasSamples(), "the end of the samples");
});

test("serve in an open terminal reloads on SIGHUP", async () => {
  const { port, terminal } = await inTerminal(serve);
  const found = await runTool("pgrep", ["-f", `^${process.execPath} .*--port ${port}$`]);
  process.kill(Number(found.stdout), "SIGHUP");
  let screen = "";
  for await (const chunk of terminal.stdout) {
    screen += chunk;
    if (screen.includes("keys read again: unchanged")) break;
  }
  assert.match(screen, /SIGHUP: reading the keys again/);
  await untilListening(port);
});
