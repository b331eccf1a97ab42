/**
 * The example container: its files, and the image that Podman builds from a clone and runs. Nothing is pulled: the test makes
 * the base image from Debian and this machine's Node.js and npm, with the name that the Dockerfile uses.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freshToken } from "../support/link.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { requireTool, runTool } from "../support/tool.ts";

const dockerfile = readFileSync("examples/container/Dockerfile", "utf8");
const compose = readFileSync("examples/container/compose.yaml", "utf8");
const stages = dockerfile.split(/^(?=FROM )/m).slice(1);
const image = stages.at(-1) ?? "";
const longestWait = 60_000;

/** The command of an instruction, which is an array in JSON. */
const instruction = (name: string): string[] =>
  JSON.parse(new RegExp(`^${name} (?:CMD )?(\\[.*\\])$`, "m").exec(image)?.[1] ?? "[]");

test("the Dockerfile: one base image with a major version, no root, no shell, no remote files, and a health check", () => {
  const bases = stages.map((stage) => /^FROM (\S+)/.exec(stage)?.[1]);
  assert.equal(bases.length, 2);
  for (const base of bases) assert.match(base ?? "", /^node:\d\d-slim$/);
  assert.doesNotMatch(dockerfile, /^ADD |sudo|curl .*\| *sh|^(?:ENV|ARG) .*(?:TOKEN|SECRET|PASSWORD|KEY)/im);
  assert.deepEqual(
    [...image.matchAll(/^USER (.*)$/gm)].map(([, user]) => user),
    ["65534:65534"],
    "a number, so that an engine can see that it is not root",
  );
  assert.doesNotMatch(image, /^RUN /m, "what is installed belongs to root and comes from the first stage");
  for (const name of ["ENTRYPOINT", "CMD", "HEALTHCHECK"])
    assert.ok(instruction(name).length > 0, `${name} without a shell`);
  const [, status] = /:(\d+)$/.exec(instruction("CMD").at(-1) ?? "") ?? [];
  assert.match(instruction("HEALTHCHECK").at(-1) ?? "", new RegExp(`http://127\\.0\\.0\\.1:${status}/readyz`));
  assert.match(image, new RegExp(`^EXPOSE .*\\b${status}\\b`, "m"));
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

describe("the image, built and run by Podman", () => {
  after(() => podman("rm", "--all", "--force", "--time", "0"));
  const folder = temporaryFolder();
  const file = (name: string): string => join(folder, name);
  const key = signingKey();

  /**
   * Images and containers of this test only. Their mounts are in a namespace of their own, with the only hierarchy of
   * control groups that crun accepts. Health checks run only on request, without systemd.
   */
  const podman = (...args: readonly string[]) => {
    const script = 'mount -t cgroup2 none /sys/fs/cgroup && DISABLE_HC_SYSTEMD=true exec podman "$@"';
    const storage = ["--root", file("storage"), "--runroot", file("run"), "--cgroup-manager=cgroupfs"];
    return runTool("unshare", ["--mount", "sh", "-c", script, "sh", ...storage, ...args]);
  };

  /** Runs Podman and returns its output; fails with everything that it printed. */
  async function succeed(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await podman(...args);
    assert.equal(code, 0, `podman ${args.join(" ")}\n${stdout}\n${stderr}`);
    return stdout.trim();
  }

  before(async () => {
    requireTool("podman");
    writeBase(file("base"));
    execFileSync("tar", ["-cf", file("base.tar"), "-C", file("base"), "."]);
    await succeed("import", file("base.tar"), "docker.io/library/node:24-slim");
    writeClone(file("clone"));
    const options = [...npmSettings(file("npmrc")), ...building, "--tag=portcullis"];
    await succeed("build", ...options, `--file=${file("clone/examples/container/Dockerfile")}`, file("clone"));
    mkdirSync(file("apps"));
    writeFileSync(file("apps/app.ipa"), "the app");
    writeFileSync(file("public.pem"), key.publicPem);
    chmodSync(folder, 0o755);
  });

  const building = ["--isolation=chroot", "--format=docker", "--pull=never"];
  /** The settings of the compose file. */
  const restrictions = ["--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL", "--security-opt=no-new-privileges"];
  /** A network of its own, so that no port of this computer is used, and limits that need no capability. */
  const isolation = ["--network=none", "--cgroups=disabled", "--ulimit=nofile=4096:4096", "--ulimit=nproc=4096:4096"];

  test("it serves files to valid links only, as nobody, on a read-only file system, without capabilities", async () => {
    const volumes = [`${file("apps")}:/srv/apps:ro`, `${file("public.pem")}:/etc/portcullis/public.pem:ro`];
    const mounts = volumes.map((volume) => `--volume=${volume}`);
    const id = await succeed("run", "--detach", ...restrictions, ...isolation, ...mounts, "portcullis");
    await until("its health check succeeds", async () => (await podman("healthcheck", "run", id)).code === 0);
    const pid = await succeed("inspect", "--format={{.State.Pid}}", id);
    const ask = async (query: string): Promise<string> => {
      const curl = ["curl", "-s", "-w", " %{http_code}", `http://127.0.0.1:8080/app.ipa${query}`];
      return (await runTool("nsenter", ["--target", pid, "--net", ...curl])).stdout;
    };
    assert.match(await ask(""), /"token_missing".* 401$/s);
    assert.match(await ask(`?token=${freshToken(key, -600)}`), /"token_expired".* 401$/s);
    assert.match(await ask(`?token=${freshToken(signingKey())}`), /"signature_invalid".* 401$/s);
    assert.equal(await ask(`?token=${freshToken(key)}`), "the app 200");

    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    assert.match(status, /^Uid:\t65534\t65534\t65534\t65534$/m);
    assert.match(status, /^CapEff:\t0+$/m);
    assert.match(status, /^NoNewPrivs:\t1$/m);
    const { code, stderr } = await podman("exec", id, "sh", "-c", "echo x > /tmp/written");
    assert.notEqual(code, 0);
    assert.match(stderr, /Read-only file system/);

    await succeed("stop", "--time", "60", id);
    assert.equal(await succeed("inspect", "--format={{.State.ExitCode}}", id), "0", "ended by SIGTERM, not by SIGKILL");
  });

  test("its health check fails if the server does not respond", async () => {
    const options = [...restrictions, ...isolation, "--entrypoint=node"];
    const id = await succeed("run", "--detach", ...options, "portcullis", "-e", "setInterval(() => {}, 1000)");
    assert.equal((await podman("healthcheck", "run", id)).code, 1);
  });

  test("it runs the depot, whose database is a native library", async () => {
    const options = [...restrictions, ...isolation, "--tmpfs=/data:mode=1777"];
    const depot = ["depot", "--data", "/data", "--public-url", "https://apps.example", "--admin", "off"];
    const id = await succeed("run", "--detach", ...options, "portcullis", ...depot);
    const show = ["exec", id, "portcullis", "configuration", "show", "--data", "/data", "--json"];
    await until("the depot has a key", async () => (await podman(...show)).code === 0);
    assert.match(await succeed(...show), /"thumbprint"|"keyId"/);
  });

  test("the clone and npm's settings are not in it, nor keys and modules of the clone in the build", async () => {
    const installed = await filesOf("portcullis");
    assert.ok(installed.includes("usr/local/bin/portcullis"));
    assert.deepEqual(
      installed.filter((name) => /^(?:clone|installed)\/|^root\/.|\.npmrc$/.test(name)),
      [],
    );

    mkdirSync(file("listing"));
    writeFileSync(file("listing/Dockerfile"), "FROM scratch\nCOPY . .\n");
    copyFileSync("examples/container/Dockerfile.dockerignore", file("listing/Dockerfile.dockerignore"));
    await succeed("build", ...building, "--tag=listing", `--file=${file("listing/Dockerfile")}`, file("clone"));
    const sent = await filesOf("listing");
    assert.ok(sent.includes("packages/core/package.json"));
    assert.deepEqual(
      sent.filter((name) => /planted|node_modules|\/dist\//.test(name)),
      [],
    );
  });

  /** The names of all files of an image. */
  async function filesOf(name: string): Promise<string[]> {
    const id = await succeed("create", ...isolation, name, "command");
    await succeed("export", "--output", file(`${name}.tar`), id);
    return execFileSync("tar", ["-tf", file(`${name}.tar`)], { encoding: "utf8", maxBuffer: 2 ** 26 }).split("\n");
  }
});

/** Waits until a condition is true. */
async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + longestWait;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `${what}: not within ${longestWait / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The parts of the official image that the Dockerfile needs: Node.js, npm, `sh` and `env`, copied from this machine. */
function writeBase(base: string): void {
  const programs = [process.execPath, "/bin/sh", "/usr/bin/env"];
  const libraries = programs.flatMap((program) =>
    [...execFileSync("ldd", [program], { encoding: "utf8" }).matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path),
  );
  const copy = (from: string, to: string): void => {
    mkdirSync(join(base, dirname(to)), { recursive: true });
    copyFileSync(from, join(base, to));
  };
  for (const path of libraries) copy(path, path);
  // Native modules need more of the C library than Node.js does.
  const libc = dirname(libraries.find((path) => path.includes("/libc.so")) ?? "");
  for (const name of ["librt.so.1", "libutil.so.1", "libresolv.so.2"]) copy(join(libc, name), join(libc, name));
  copy(process.execPath, "usr/local/bin/node");
  copy("/bin/sh", "bin/sh");
  copy("/usr/bin/env", "usr/bin/env");
  const npm = join(execFileSync("npm", ["root", "--global"], { encoding: "utf8" }).trim(), "npm");
  cpSync(npm, join(base, "usr/local/lib/node_modules/npm"), { recursive: true });
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(base, "usr/local/bin/npm"));
  for (const name of ["tmp", "root", "etc"]) mkdirSync(join(base, name));
  writeFileSync(join(base, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
}

/** A copy of this clone, with what the ignore file must keep from the build. */
function writeClone(clone: string): void {
  const listed = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], { encoding: "utf8" }).split("\0");
  for (const name of listed) if (name !== "" && existsSync(name)) cpSync(name, join(clone, name));
  for (const name of [
    "planted.pem",
    "packages/core/planted.key",
    "node_modules/planted/index.js",
    "packages/core/dist/planted.js",
  ]) {
    mkdirSync(join(clone, dirname(name)), { recursive: true });
    writeFileSync(join(clone, name), "planted");
  }
}

/** Options for the build that make npm use the registry and the cache that it uses here. */
function npmSettings(npmrc: string): string[] {
  const read = (name: string): string => execFileSync("npm", ["config", "get", name], { encoding: "utf8" }).trim();
  const [registry, authorities, cache] = ["registry", "cafile", "cache"].map(read);
  const hasAuthorities = existsSync(authorities ?? "");
  writeFileSync(npmrc, `registry=${registry}\ncache=/npm-cache\n${hasAuthorities ? `cafile=${authorities}\n` : ""}`);
  const volumes = [`${cache}:/npm-cache`, ...(hasAuthorities ? [`${authorities}:${authorities}:ro`] : [])];
  return [`--secret=id=npmrc,src=${npmrc}`, ...volumes.map((volume) => `--volume=${volume}`)];
}
