/** Starts servers in processes of their own. Each resolves with `{ to, pids, stop }`; `to` is where load.mjs sends requests. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { childrenOf } from "./processor-time.mjs";
import { publicPem } from "./tokens.mjs";

const pathOf = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const command = pathOf("../packages/cli/dist/bin.js");
let names = 0;
let nodeArguments = [];

/** One of the kinds of server-under-test.mjs. */
export async function startNode(kind, ...args) {
  const port = await freePort();
  return start(process.execPath, [pathOf("server-under-test.mjs"), kind, port, publicPem, ...args], { port });
}

/** Starts a server with arguments for Node.js itself. */
export async function startWith(args, startServer) {
  nodeArguments = args;
  try {
    return await startServer();
  } finally {
    nodeArguments = [];
  }
}

/** The same on a Unix socket. */
export async function startSocket(folder, kind) {
  const socket = join(folder, `server-${names++}.sock`);
  return start(process.execPath, [pathOf("server-under-test.mjs"), kind, socket, publicPem], { socket });
}

/** The binary of a runtime with a fetch API; `undefined` if it is not installed. */
export function runtime(name) {
  const file = {
    bun: "@oven/bun-linux-x64/bin/bun",
    deno: "@deno/linux-x64-glibc/deno",
    workerd: "@cloudflare/workerd-linux-64/bin/workerd",
  }[name];
  const installed = pathOf(`../test/runtimes/node_modules/${file}`);
  return existsSync(installed) ? installed : undefined;
}

/** One of the handlers of fetch-handlers.mjs. */
export async function startFetch(folder, name, kind) {
  const port = await freePort();
  if (name === "workerd") return startWorkerd(join(folder, `workerd-${names++}`), kind, port);
  const args = [pathOf("fetch-server-under-test.mjs"), kind, port, publicPem];
  const flags = name === "deno" ? ["run", "-A", "--no-lock", "--node-modules-dir=manual"] : [];
  return start(runtime(name), [...flags, ...args], { port });
}

async function startWorkerd(folder, kind, port) {
  const contents = `import { fetchHandlers } from "./fetch-handlers.mjs";
export default { fetch: fetchHandlers(${JSON.stringify(publicPem)})[${JSON.stringify(kind)}] };`;
  const stdin = { contents, resolveDir: pathOf("."), loader: "js" };
  await build({ stdin, bundle: true, format: "esm", target: "es2022", outfile: join(folder, "worker.js") });
  const worker = `(modules = [(name = "worker.js", esModule = embed "worker.js")], compatibilityDate = "2026-01-01")`;
  writeFileSync(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "worker", worker = ${worker})],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "worker")],
);
`,
  );
  return start(runtime("workerd"), ["serve", join(folder, "config.capnp")], { port });
}

/** `portcullis serve`, which logs to a pipe. */
export async function startServe(folder, { certificate, maxConnections, workers } = {}) {
  const port = await freePort();
  const args = ["serve", folder, "-k", publicKeyFile(folder), "--host", "127.0.0.1", "--port", port];
  if (certificate) args.push("--tls-cert", certificate, "--tls-key", `${certificate}.key`);
  if (maxConnections) args.push("--max-connections", maxConnections);
  if (workers) args.push("--workers", workers);
  return start(process.execPath, [command, ...args], { port, tls: certificate !== undefined });
}

/** `portcullis serve` for a bucket at this endpoint, which checks no signatures. */
export async function startServeBucket(folder, endpoint) {
  const port = await freePort();
  const args = ["serve", "s3://apps", "-k", publicKeyFile(folder), "--host", "127.0.0.1", "--port", port];
  const env = { AWS_ACCESS_KEY_ID: "bench", AWS_SECRET_ACCESS_KEY: "bench" };
  return start(process.execPath, [command, ...args, "--endpoint", endpoint], { port }, env);
}

/** `portcullis auth` on a Unix socket, which logs to a pipe. */
export async function startAuth(folder, { workers = 1 } = {}) {
  const socket = join(folder, `auth-${names++}.sock`);
  const args = ["auth", "--for", "nginx", "-k", publicKeyFile(folder), "--socket", socket];
  args.push("--workers", workers);
  return start(process.execPath, [command, ...args], { socket });
}

/** nginx with one worker; `server` is the content of its server block, `http` comes before the block. */
export async function startNginx(folder, { server, http = "", certificate, modules = "" }) {
  const port = await freePort();
  const name = join(folder, `nginx-${names++}`);
  const tls = certificate
    ? ` ssl; ssl_certificate ${certificate}; ssl_certificate_key ${certificate}.key; ssl_protocols TLSv1.3`
    : "";
  writeFileSync(
    `${name}.conf`,
    `${modules} daemon off; user root; worker_processes 1; pid ${name}.pid; error_log ${name}.log emerg; events {}
     http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; ${http}
     server { listen 127.0.0.1:${port}${tls}; ${server} } }`,
  );
  return start("nginx", ["-c", `${name}.conf`, "-p", folder], { port, tls: certificate !== undefined });
}

/** HAProxy with one thread in front of a web server, with rules for its frontend. */
export async function startHaproxy(folder, rules, backend) {
  const port = await freePort();
  const file = join(folder, `haproxy-${names++}.cfg`);
  writeFileSync(
    file,
    `global\n  nbthread 1\ndefaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s
frontend f\n  bind 127.0.0.1:${port}\n${rules}\n  default_backend b\nbackend b\n  server s 127.0.0.1:${backend.to.port}\n`,
  );
  return together(await start("haproxy", ["-f", file], { port }), backend);
}

/** A server that needs another one: the processor time of both counts. */
export function together(front, behind) {
  return {
    to: front.to,
    pids: () => [...front.pids(), ...behind.pids()],
    stop: async () => {
      await front.stop();
      await behind.stop();
    },
  };
}

export function isInstalled(program) {
  try {
    execFileSync(program, ["-v"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function start(program, args, to, env = {}) {
  const own = program === process.execPath ? nodeArguments : [];
  const child = spawn(program, [...own, ...args.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  child.stdout.resume();
  const ended = new Promise((resolve) => child.once("exit", resolve).once("error", resolve));
  await Promise.race([untilListening(to), ended.then(() => Promise.reject(new Error(`${program} ${args[0]} ended`)))]);
  return {
    to,
    pids: () => [child.pid, ...childrenOf(child.pid)],
    stop: () => {
      child.kill();
      return ended;
    },
  };
}

async function untilListening({ port, socket }) {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const client = socket === undefined ? connect(port, "127.0.0.1") : connect(socket);
    const isOpen = await new Promise((resolve) => {
      client.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    client.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("a server did not start within a minute");
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function publicKeyFile(folder) {
  const file = join(folder, "public.pem");
  writeFileSync(file, publicPem);
  return file;
}
