import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ask } from "../support/ask.ts";
import { freePort } from "../support/free-port.ts";
import { freshToken } from "../support/link.ts";
import { portcullisCommand } from "../support/portcullis-process.ts";
import { rawRequest } from "../support/raw-request.ts";
import { servedFolder } from "../support/served-folder.ts";

const { base, key, args: serveArgs } = servedFolder({ "app.ipa": "0123456789" });

/** A program that does not end must fail the test, not stop it. */
function afterAMinute(): Promise<string> {
  return new Promise((resolve) => setTimeout(resolve, 60_000, "it did not end").unref());
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
  test(`a log written to ${name} stops neither downloads nor the shutdown`, async () => {
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
        const responses = await Promise.all(Array.from({ length: 25 }, () => rawRequest(port, path)));
        for (const response of responses) assert.equal(response.status, 200);
      }
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      assert.deepEqual(await Promise.race([ended, afterAMinute()]), [0, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });
}
