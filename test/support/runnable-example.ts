import assert from "node:assert/strict";
import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { codeBlocksOf } from "./code-blocks.ts";
import { type DownloadServer, oddContent, oddNames, testDownloads } from "./download-suite.ts";
import { untilListening } from "./free-port.ts";
import { portcullisCommand } from "./portcullis-process.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What an example in the folder `examples` needs besides the commands on its page. */
export interface RunnableExample {
  /** The folder of the example. */
  readonly name: string;
  /** The paths of programs that its commands start, by name. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Makes the server listen on a free port of 127.0.0.1. */
  readonly env: Readonly<Record<string, string>>;
  /** The port, or the pattern of the line that prints it. */
  readonly port: RegExp | number;
}

/** For programs of Node. */
export const onNode: Pick<RunnableExample, "env" | "port"> = {
  env: { NODE_OPTIONS: `--import=${new URL("listen-anywhere.mjs", import.meta.url).href}` },
  port: /^\{"port":(\d+)\}$/m,
};

type ExampleProcess = ChildProcessByStdio<null, Readable, Readable>;

/** How long a server can take to start, in milliseconds. */
const longestStart = 60_000;

interface StartedExample extends DownloadServer {
  readonly folder: string;
  /** The commands for the second terminal on its page. */
  readonly secondTerminal: readonly string[];
}

/** Runs the commands of an example's page in a copy of its folder, and downloads from the server that they start. */
export function testRunnableExample(example: RunnableExample): void {
  const name = `examples/${example.name}`;
  // Not within a test, after which the files would be removed.
  const started = startExample(example);
  started.catch(() => {}); // each test reports the error

  test(`${name}, started as its page says, is locked, and the link from its page works`, async () => {
    const { folder, secondTerminal, port } = await started;
    const [probe = "", sign = "", ...others] = secondTerminal.map((line) =>
      line.replace(/localhost:\d+/, `localhost:${port}`),
    );
    assert.deepEqual(others, []);
    assert.match(shell([probe], folder), /^LOCKED/m);
    const response = await fetch(shell([sign], folder).trim());
    assert.deepEqual([response.status, await response.text()], [200, "an app\n"]);
  });

  testDownloads(name, () => started);
}

/** Starts the server, and says where it serves the file of its page. */
async function startExample(example: RunnableExample): Promise<StartedExample> {
  const { name, programs = {}, env, port } = example;
  const [firstTerminal = [], secondTerminal = []] = codeBlocksOf(`examples/${name}/README.md`)
    .filter(({ language }) => language === "sh")
    .map(({ code }) => code.trim().split("\n"));
  const [build, enter, ...lines] = firstTerminal;
  assert.deepEqual([build, enter], ["npm ci && npm run build", `cd examples/${name}`]);

  const clone = temporaryFolder();
  const folder = join(clone, "examples", name);
  cpSync(join(root, "examples", name), folder, { recursive: true });
  symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
  mkdirSync(join(clone, "bin"));
  const script = (file: string, text: string) =>
    writeFileSync(join(clone, "bin", file), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  script("npx", 'exec "$@"'); // the real one takes a second longer
  script(
    "portcullis",
    `exec ${portcullisCommand()
      .map((word) => `'${word}'`)
      .join(" ")} "$@"`,
  );
  for (const [program, path] of Object.entries(programs)) script(program, `exec '${path}' "$@"`);

  const command = lines.pop() ?? "";
  shell(lines, folder, env);
  for (const odd of oddNames) writeFileSync(join(folder, "apps", odd), oddContent);

  const server = spawn("bash", ["-c", `exec ${command}`], {
    cwd: folder,
    env: environment(folder, env),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  after(() => process.kill(-(server.pid as number), "SIGKILL"));
  const { pathname } = new URL(/https?:\S+/.exec(secondTerminal[0] ?? "")?.[0] ?? "");
  const privateKey = createPrivateKey(readFileSync(join(folder, "key.pem")));
  const publicKey = createPublicKey(privateKey);
  return {
    port: await listeningPort(server, port),
    under: pathname.replace("app.ipa", ""),
    key: { privateKey, publicKey, publicPem: readFileSync(join(folder, "public.pem"), "utf8") },
    folder,
    secondTerminal,
  };
}

const environment = (folder: string, env: Readonly<Record<string, string>>) => ({
  PATH: `${join(folder, "../../bin")}:${process.env.PATH}`,
  HOME: process.env.HOME,
  NO_COLOR: "1",
  ...env,
});

/** Runs lines of a page in a folder. */
function shell(lines: readonly string[], folder: string, env: Readonly<Record<string, string>> = {}): string {
  const options = { cwd: folder, encoding: "utf8", env: environment(folder, env), stdio: "pipe" } as const;
  return execFileSync("bash", ["-ec", lines.join("\n")], options);
}

async function listeningPort(server: ExampleProcess, port: RegExp | number): Promise<number> {
  if (typeof port === "number") {
    await untilListening(port);
    return port;
  }
  return new Promise((resolve, reject) => {
    let printed = "";
    const read = (chunk: string): void => {
      printed += chunk;
      const found = port.exec(printed)?.[1];
      if (found !== undefined) resolve(Number(found));
    };
    for (const stream of [server.stdout, server.stderr]) stream.setEncoding("utf8").on("data", read);
    server.once("exit", () => reject(new Error(`the server ended: ${printed}`)));
    setTimeout(() => reject(new Error(`the server printed no port: ${printed}`)), longestStart).unref();
  });
}
