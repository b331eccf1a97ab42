import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { OptionDefinition } from "../../packages/cli/src/command-line/option.ts";
import { dashedName } from "../../packages/cli/src/command-line/option.ts";
import { commands } from "../../packages/cli/src/commands.ts";
import { freePort, untilListening } from "../support/free-port.ts";
import { installedCommand } from "../support/installed-command.ts";
import { freshToken } from "../support/link.ts";
import { rawRequest } from "../support/raw-request.ts";
import { runMain } from "../support/run-main.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { requireTool, runTool } from "../support/tool.ts";

const base = temporaryFolder();
const units = readdirSync("examples/systemd").filter((name) => name.endsWith(".service"));

for (const unit of units) {
  test(`${unit} is a valid unit, and systemd rates its exposure as low`, async () => {
    // The program need not be installed where the test runs.
    const text = readFileSync(join("examples/systemd", unit), "utf8").replaceAll("/usr/bin/portcullis", "/bin/true");
    const path = join(base, unit);
    writeFileSync(path, text);
    const verified = await runTool("systemd-analyze", ["verify", "--man=no", path]);
    assert.equal(verified.code, 0, verified.stderr);
    assert.doesNotMatch(verified.stderr, new RegExp(unit.replace(".", "\\.")));
    // The threshold is ten times the exposure: 2.5 of 10, "OK".
    const rated = await runTool("systemd-analyze", ["security", "--offline=true", "--threshold=25", path]);
    assert.equal(rated.code, 0, rated.stdout + rated.stderr);
  });
}

test("the commands accept the configuration that comes with the units", async () => {
  const config = JSON.parse(readFileSync("examples/systemd/portcullis.json", "utf8"));
  for (const [name, options] of Object.entries<object>(config)) {
    const command = commands.find((one) => one.name === name);
    const known = Object.keys((command?.options ?? {}) as Record<string, OptionDefinition>).map(dashedName);
    for (const option of Object.keys(options)) assert.ok(known.includes(option), `${name}: ${option}`);
  }
  const { code, stderr } = await runMain(["serve", "/", "--config", "examples/systemd/portcullis.json"]);
  assert.equal(code, 3, "the only fault is that the files are missing here");
  assert.match(stderr, /\/etc\//);
});

test("the command accepts the container's command line", async () => {
  const line = /^CMD (\[.*\])$/m.exec(readFileSync("examples/container/Dockerfile", "utf8"))?.[1] ?? "[]";
  const argv = (JSON.parse(line) as string[]).map((word) => (word === "/srv/apps" ? base : word));
  const { code, stderr } = await runMain(argv);
  assert.equal(code, 3);
  assert.match(stderr, /--key \/etc\/portcullis\/public\.pem: there is no such file/);
});

test("it runs as nobody, without privileges, on a read-only file system", async () => {
  const key = signingKey();
  mkdirSync(join(base, "www"), { mode: 0o755 });
  writeFileSync(join(base, "www/app.ipa"), "the app");
  writeFileSync(join(base, "public.pem"), key.publicPem);
  chmodSync(base, 0o755);
  const port = await freePort();
  const isRoot = process.getuid?.() === 0;
  const nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --no-new-privs";
  const script = `mount -o remount,ro,bind / && ! touch ${base}/written 2>/dev/null && exec ${isRoot ? nobody : ""} "$@"`;
  const serve = ["serve", join(base, "www"), "-k", join(base, "public.pem"), "--host", "127.0.0.1"];
  const args = [...(isRoot ? [] : ["--map-root-user"]), "--mount", "sh", "-c", script, "sh"];
  const child = spawn(
    requireTool("unshare"),
    [...args, process.execPath, installedCommand(), ...serve, "--port", String(port)],
    {
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  after(() => child.kill("SIGKILL"));
  await untilListening(port);
  const { status, body } = await rawRequest(port, `/app.ipa?token=${freshToken(key)}`);
  assert.deepEqual([status, body.toString()], [200, "the app"]);
});
