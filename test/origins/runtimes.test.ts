import { spawn } from "node:child_process";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { binaries } from "../runtimes/command-line-runtimes.ts";
import { startAzure } from "./azure-container.ts";
import { startCeph } from "./ceph-bucket.ts";
import { startMiniflare } from "./miniflare.ts";
import { rangeContract, type ServedStore, wholeFileContract } from "./origin-contract.ts";
import type { ServedOrigin } from "./serve-origin.ts";
import { startWebServer } from "./web-server.ts";

const bucket = await startCeph("runtimes");
const container = await startAzure("runtimes");
const webServer = await startWebServer();

const { endpoint, credentials } = bucket;
const { account, accountKey } = container;
const stores = [
  {
    name: "a bucket of Ceph",
    served: { kind: "s3", options: { endpoint, bucket: "runtimes", credentials } },
    put: (name: string, bytes: Uint8Array<ArrayBuffer>) => bucket.send("PUT", name, bytes),
    remove: (name: string) => bucket.send("DELETE", name),
  },
  {
    name: "a container of Azurite",
    served: {
      kind: "azure",
      options: { endpoint: container.endpoint, account, container: "runtimes", credentials: { accountKey } },
    },
    put: container.put,
    remove: container.remove,
  },
  {
    name: "nginx as a private web server",
    served: { kind: "http", options: { url: webServer.url, headers: webServer.headers } },
    put: webServer.put,
    remove: webServer.remove,
  },
] as const;

/** From this date on, Workers have `URL.canParse` and the other functions that the packages need. */
const compatibilityDate = "2024-01-01";
const program = fileURLToPath(new URL("serve-origin.ts", import.meta.url));
const condition = "--conditions=@portcullis/source";
const denoArgs = ["run", condition, "--no-prompt", "--node-modules-dir=manual", "--allow-net=127.0.0.1"];

/** Functions that start a server for an origin's files on a runtime, and resolve with its port. */
const runtimes: Readonly<Record<string, (served: ServedOrigin) => Promise<number>>> = {
  Deno: (served) => startProgram(binaries.deno, [...denoArgs, program, JSON.stringify(served)]),
  Bun: (served) => startProgram(binaries.bun, [condition, program, JSON.stringify(served)]),
  workerd: startWorker,
};

/** Headers that the transport adds, which say nothing about the origin. */
const transportHeaders = ["connection", "date", "keep-alive", "transfer-encoding", "vary"];

const servers: { readonly title: string; readonly store: ServedStore }[] = [];
for (const [runtime, start] of Object.entries(runtimes)) {
  for (const { name, served, put, remove } of stores) {
    const port = await start(served);
    const respond = (asked: Request): Promise<Response> => askServer(port, asked, runtime === "Bun");
    servers.push({ title: `${name}, served by ${runtime}`, store: { put, remove, respond } });
  }
}
for (const { title, store } of servers) {
  wholeFileContract(title, store);
  rangeContract(title, store, 2);
}

async function startProgram(binary: string, args: readonly string[]): Promise<number> {
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, NO_COLOR: "1" } });
  after(() => child.kill("SIGKILL"));
  const [line] = await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit").then(() => Promise.reject(new Error(`${binary} ended`))),
  ]);
  return Number(line);
}

async function startWorker(served: ServedOrigin): Promise<number> {
  const contents = `import { respond } from "@portcullis/origin";
import { openOrigin } from "./serve-origin.ts";
const origin = openOrigin(${JSON.stringify(served)});
export default { fetch: (request) => respond(origin, request) };`;
  const bundle = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL(".", import.meta.url)), loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
    conditions: ["@portcullis/source", "workerd"],
  });
  const worker = await startMiniflare({ script: bundle.outputFiles[0]?.text, compatibilityDate, host: "127.0.0.1" });
  return Number((await worker.ready).port);
}

/** One request on a connection of its own, without the headers that `fetch` adds. */
async function askServer(port: number, { url, method, headers }: Request, mayBeChunked: boolean): Promise<Response> {
  const { pathname } = new URL(url);
  const outgoing = request({ port, host: "127.0.0.1", path: pathname, method, agent: false });
  for (const [name, value] of headers) outgoing.setHeader(name, value);
  outgoing.end();
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  const body = await buffer(incoming);
  const kept = Object.entries(incoming.headers).filter(([name]) => !transportHeaders.includes(name));
  const response = new Response(body.length > 0 ? body : null, {
    status: incoming.statusCode ?? 0,
    headers: kept.map(([name, value]): [string, string] => [name, String(value)]),
  });
  // Bun.serve sends a stream in chunks, whatever Content-Length it is given (Bun's issue 10507).
  const isChunked = mayBeChunked && incoming.headers["transfer-encoding"] === "chunked";
  if (isChunked) response.headers.set("Content-Length", String(body.length));
  return response;
}
