import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { after } from "node:test";
import { untilListening } from "./free-port.ts";
import { requireTool } from "./tool.ts";

/** Starts a real web server in the foreground and waits until it listens; it ends with the test. */
export async function startServer(
  name: string,
  args: readonly string[],
  port: number,
  env: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> {
  const child = spawn(requireTool(name), args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env.PATH, ...env },
  });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  after(async () => {
    child.kill("SIGTERM");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  const ended = once(child, "exit").then(() => Promise.reject(new Error(`${name} ended: ${errors}`)));
  ended.catch(() => {});
  await Promise.race([untilListening(port), ended]);
  return child;
}
