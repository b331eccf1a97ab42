import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { ContractSetup, RunningServer } from "../contract/contract.ts";
import { binaries } from "./command-line-runtimes.ts";
import { root } from "./suite-files.ts";
import { workerdConfiguration } from "./workerd-configuration.ts";

const servers = fileURLToPath(new URL("servers", import.meta.url));
const condition = "--conditions=@portcullis/source";

/** Starts one of the programs of `servers/` and waits for the port that it prints. */
export async function startProgram(
  command: readonly string[],
  program: string,
  setup: ContractSetup,
  ...more: readonly string[]
): Promise<RunningServer> {
  const [binary = "", ...args] = command;
  const child = spawn(binary, [...args, join(servers, program), JSON.stringify(setup), ...more], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: undefined, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { port: await printedPort(child, /^(\d+)$|127\.0\.0\.1:(\d+)/m), close: () => stop(child) };
}

/** Deno with the TypeScript source, without a build, and without any permission except to listen on one address. */
export const denoCommand: readonly string[] = [
  binaries.deno,
  "run",
  condition,
  "--no-prompt",
  "--node-modules-dir=manual",
  "--allow-net=127.0.0.1",
];
/** Deno's own server for a module that exports a handler; it can listen without a permission. */
export const denoServeCommand: readonly string[] = [
  binaries.deno,
  "serve",
  condition,
  "--no-prompt",
  "--node-modules-dir=manual",
  "--host=127.0.0.1",
  "--port=0",
];
/** Bun with the TypeScript source. */
export const bunCommand: readonly string[] = [binaries.bun, condition];

/** Node with the TypeScript source: directly since Node 24, with tsx before. */
export function nodeCommand(binary: "node20" | "node22" | "node24" | "node26"): readonly string[] {
  const loader = binary === "node20" || binary === "node22" ? ["--import=tsx"] : [];
  return [binaries[binary], condition, ...loader];
}

/** Starts workerd with the contract's handler as its only worker. */
export async function startWorker(setup: ContractSetup, nodeCompatible: boolean): Promise<RunningServer> {
  const contents = `import { contractHandler } from "./contract-handler.ts";
export default { fetch: contractHandler(${JSON.stringify(setup)}) };`;
  const bundle = await build({
    stdin: { contents, resolveDir: servers, loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    conditions: ["@portcullis/source"],
  });
  const folder = join(
    root,
    ".tmp",
    "runtimes",
    `worker-${nodeCompatible}-${setup.reportOnly}-${setup.pathBound}-${setup.audience}`,
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "worker0.js"), bundle.outputFiles[0]?.text ?? "");
  writeFileSync(join(folder, "config.capnp"), workerdConfiguration(1, { nodeCompatible }));
  return startWorkerdProcess(folder);
}

/** Starts workerd with the configuration in a folder. */
export async function startWorkerdProcess(folder: string): Promise<RunningServer> {
  const args = ["serve", join(folder, "config.capnp"), "--control-fd=3"];
  const child = spawn(binaries.workerd, args, { stdio: ["ignore", "pipe", "pipe", "pipe"] });
  const port = await printedPort(child, /"port":(\d+)/);
  return { port, close: () => stop(child) };
}

/** The port, as soon as the program prints it on any of its streams. */
function printedPort(child: ChildProcess, pattern: RegExp): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = "";
    for (const stream of child.stdio as (Readable | null)[]) {
      stream?.on("data", (chunk) => {
        said += chunk;
        const [, port, otherPort] = pattern.exec(said) ?? [];
        if (port ?? otherPort) resolve(Number(port ?? otherPort));
      });
    }
    child.once("exit", () => reject(new Error(`the server ended: ${said}`)));
    child.once("error", reject);
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL"); // some wait for open connections before they end
  await exited;
}
