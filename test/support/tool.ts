import { execFileSync, spawn } from "node:child_process";

/** The Debian package of each program that tests run; if a program is missing, the test fails with this name. */
const debianPackages: Readonly<Record<string, string>> = {
  apache2: "apache2",
  aria2c: "aria2",
  caddy: "caddy",
  curl: "curl",
  haproxy: "haproxy",
  nginx: "nginx",
  openssl: "openssl",
  nsenter: "util-linux",
  pgrep: "procps",
  podman: "podman crun",
  script: "bsdutils",
  "systemd-analyze": "systemd",
  unshare: "util-linux",
  wget: "wget",
  zbarimg: "zbar-tools",
};

/** Fails with the name of the Debian package if a program is missing. */
export function requireTool(name: string): string {
  try {
    return execFileSync("sh", ["-c", `PATH="$PATH:/usr/sbin" command -v ${name}`], { encoding: "utf8" }).trim();
  } catch {
    throw new Error(`this test runs the real ${name}: apt-get install ${debianPackages[name] ?? name}`);
  }
}

/** What a program printed and how it ended. */
export interface ToolRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, without blocking this process. */
export function runTool(name: string, args: readonly string[], cwd?: string): Promise<ToolRun> {
  const child = spawn(requireTool(name), args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}
