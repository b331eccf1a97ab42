import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { EventEmitter } from "node:events";
import { chmodSync } from "node:fs";
import type { Server } from "node:http";
import { test } from "node:test";
import { CommandError } from "../../../packages/cli/src/command-line/command-error.ts";
import { listen } from "../../../packages/cli/src/server/listen-address.ts";
import { portcullisCommand } from "../../support/portcullis-process.ts";
import { servedFolder } from "../../support/served-folder.ts";

const { base, www, args } = servedFolder({ "app.ipa": "the app" });

test("a folder that cannot be read or entered is reported at startup, with exit code 3", () => {
  const [program, ...first] = portcullisCommand();
  chmodSync(base, 0o755);
  // root can read everything.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  for (const mode of [0o000, 0o444, 0o311]) {
    chmodSync(www, mode === 0o311 && !("uid" in nobody) ? 0o300 : mode);
    const { status, stderr } = spawnSync(program, [...first, ...args], {
      ...nobody,
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.match(stderr, /www cannot be read by the user that runs portcullis\n.*chmod o\+rx .*www/);
    assert.equal(status, 3);
  }
  chmodSync(www, 0o755);
});

test("a port that needs a privilege is reported, with what to do instead", async () => {
  const server = Object.assign(new EventEmitter(), {
    listen() {
      const error = Object.assign(new Error("listen EACCES: permission denied"), { code: "EACCES" });
      process.nextTick(() => server.emit("error", error));
    },
  });
  const listening = (port: number) => listen(server as unknown as Server, { host: "127.0.0.1", port });
  await assert.rejects(listening(443), (error) => {
    assert.ok(error instanceof CommandError);
    assert.equal(error.exitCode, 3);
    assert.equal(error.message, "cannot listen on 127.0.0.1:443: ports below 1024 require privileges");
    assert.match(String(error.remedy), /port above 1023.*proxy.*AmbientCapabilities=CAP_NET_BIND_SERVICE/);
    return true;
  });
  await assert.rejects(listening(1024), /cannot listen on 127\.0\.0\.1:1024: listen EACCES/);
});
