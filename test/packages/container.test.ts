import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root, run, temporaryFolder } from "./packed.ts";

const dockerfile = readFileSync(join(root, "examples/container/Dockerfile"), "utf8");
const compose = readFileSync(join(root, "examples/container/compose.yaml"), "utf8");
const ignored = readFileSync(join(root, "examples/container/Dockerfile.dockerignore"), "utf8").split("\n");
const stages = dockerfile.split(/^(?=FROM )/m).slice(1);
const image = stages.at(-1) ?? "";

// Without a container engine, the RUN lines are run one by one, in folders of their own in place of the image's.
const [build = "", install = ""] = Array.from(dockerfile.matchAll(/^RUN (.*)$/gm), ([, line]) => line);

/** The command that the container starts, as an array in JSON. */
const instruction = (name: string): string[] =>
  JSON.parse(new RegExp(`^${name} (?:CMD )?(\\[.*\\])$`, "m").exec(image)?.[1] ?? "[]");

test("the Dockerfile: fixed major versions, no root, no shell, no remote files, and a health check", () => {
  assert.equal(stages.length, 2);
  for (const stage of stages) assert.match(stage, /^FROM [\w./-]+:\d[\w.-]*(?: AS \w+)?$/m);
  assert.doesNotMatch(dockerfile, /^ADD |:latest|sudo|curl .*\| *sh|^(?:ENV|ARG) .*(?:TOKEN|SECRET|PASSWORD|KEY)/im);
  const users = [...image.matchAll(/^USER (.*)$/gm)].map(([, user]) => user);
  assert.deepEqual(users, ["65534:65534"], "a number, so that an engine can see that it is not root");
  assert.ok(image.indexOf("USER") > image.lastIndexOf("RUN "), "what is installed belongs to root");
  for (const name of ["ENTRYPOINT", "CMD", "HEALTHCHECK"])
    assert.ok(instruction(name).length > 0, `${name} without a shell`);
  const [, status] = /:(\d+)$/.exec(instruction("CMD").at(-1) ?? "") ?? [];
  assert.equal(instruction("HEALTHCHECK").at(-1), `http://127.0.0.1:${status}/readyz`);
  assert.match(image, new RegExp(`^EXPOSE .*\\b${status}\\b`, "m"));
  for (const each of [".git", "**/node_modules", "**/dist", "**/*.pem"]) assert.ok(ignored.includes(each), each);
});

test("the compose file: a read-only root file system, no capabilities, and ports of this computer only", () => {
  assert.match(compose, /^ {4}read_only: true$/m);
  assert.match(compose, /^ {4}user: "65534:65534"$/m);
  assert.match(compose, /^ {4}cap_drop: \[ALL\]$/m);
  assert.match(compose, /no-new-privileges:true/);
  assert.doesNotMatch(compose, /privileged: true|network_mode|docker\.sock|cap_add/);
  for (const [, port = ""] of compose.matchAll(/^ {6}- "([\d.:]+)"$/gm)) assert.match(port, /^127\.0\.0\.1:/);
  for (const [, volume = ""] of compose.matchAll(/^ {6}- (\/.*)$/gm)) assert.match(volume, /:ro$/);
});

test("the container's RUN lines build the command from a clone and install it; it serves as nobody on a read-only file system", async () => {
  const clone = temporaryFolder();
  const list = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" });
  for (const name of list.split("\0")) if (name !== "") cpSync(join(root, name), join(clone, name));
  run("sh", ["-c", build], clone, { npm_config_prefer_offline: "true" });
  const packed = join(clone, "packed");
  mkdirSync(packed);
  for (const name of readdirSync(clone)) if (name.endsWith(".tgz")) cpSync(join(clone, name), join(packed, name));

  const prefix = temporaryFolder();
  // The cache of the person who runs this is not the image's to clean.
  const line = install.replace("/packed/", `${packed}/`).replace(" && npm cache clean --force", "");
  run("sh", ["-c", line], prefix, { npm_config_prefix: prefix, npm_config_prefer_offline: "true" });
  const { version } = JSON.parse(readFileSync(join(root, "packages/cli/package.json"), "utf8"));
  assert.equal(run(join(prefix, "bin/portcullis"), ["--version"], prefix).trim(), version);
  await serveAsNobody(prefix);
});

test("an engine builds the image and starts it, where there is one", () => {
  const engine = ["docker", "podman"].find(
    (name) => spawnSync(name, ["info"], { stdio: "ignore", timeout: 20_000 }).status === 0,
  );
  if (engine === undefined) {
    console.error("NOT BUILT: there is no container engine here, so examples/container was checked without one.");
    return;
  }
  run(engine, ["build", "-f", "examples/container/Dockerfile", "-t", "portcullis-test", "."], root);
  const shown = run(engine, ["run", "--rm", "--read-only", "--cap-drop=ALL", "portcullis-test", "--version"], root);
  const { version } = JSON.parse(readFileSync(join(root, "packages/cli/package.json"), "utf8"));
  assert.equal(shown.trim(), version);
});

/** The container's own command in a mount namespace of its own, where nothing can be written; its health check must be good. */
async function serveAsNobody(prefix: string): Promise<void> {
  assert.equal(process.getuid?.(), 0, "this test makes a mount namespace, which takes root");
  const folder = temporaryFolder();
  execFileSync("chmod", ["-R", "a+rX", prefix, folder]);
  mkdirSync(join(folder, "apps"));
  writeFileSync(
    join(folder, "public.pem"),
    generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "pem" }),
  );
  const args = instruction("CMD").map(
    (arg) =>
      ({
        "/srv/apps": join(folder, "apps"),
        "/etc/portcullis/public.pem": join(folder, "public.pem"),
        "0.0.0.0:9090": "127.0.0.1:0",
      })[arg] ?? arg,
  );
  const readOnly = "mount --bind / / && mount -o remount,bind,ro / && ! touch /tmp/written 2>/dev/null";
  const asNobody = `exec setpriv --reuid=65534 --regid=65534 --clear-groups ${process.execPath} "$@"`;
  const program = realpathSync(join(prefix, "bin/portcullis"));
  const child = spawn(
    "unshare",
    [
      "--mount",
      "sh",
      "-c",
      `${readOnly} && ${asNobody}`,
      "sh",
      program,
      ...args,
      "--port",
      "0",
      "--log-format",
      "json",
    ],
    { stdio: ["ignore", "pipe", "pipe"], cwd: "/" },
  );
  try {
    let output = "";
    child.stderr.on("data", (chunk) => {
      output += chunk;
    });
    const status = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`it is not ready: ${output}`)), 60_000);
      child.once("exit", () => reject(new Error(`it ended: ${output}`)));
      child.stdout.on("data", (chunk) => {
        output += chunk;
        const [, found] = /(http:\/\/127\.0\.0\.1:\d+)/.exec(output) ?? [];
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(found);
      });
    });
    assert.equal((await fetch(`${status}/readyz`)).status, 200);
    const { uid } = statSync(`/proc/${child.pid}`);
    assert.equal(uid, 65534);
  } finally {
    child.kill("SIGTERM");
    await once(child, "exit");
  }
}
