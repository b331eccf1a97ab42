/**
 * The cost of sending files: processor time of the serving process for each response, against the least that Node needs
 * (`floor` in file-server.mjs), sirv, serve-static and, if it is installed, nginx with sendfile. Plain and with TLS.
 */
import { execFileSync, fork, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import { makeTokens, publicPem } from "./tokens.mjs";

export const sizes = [
  { name: "64 KiB", file: "64k.pkg", bytes: 64 * 1024, connections: 32, requests: 6000 },
  { name: "10 MiB", file: "10m.pkg", bytes: 10 * 2 ** 20, connections: 4, requests: 80 },
  { name: "1 GiB", file: "1g.pkg", bytes: 2 ** 30, connections: 1, requests: 2 },
];
const rounds = 3;
export const query = `?token=${makeTokens(1)[0]}`;

export function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-bench-"));
  const past = new Date(Date.now() - 3_600_000);
  for (const { file, bytes } of sizes) {
    const fd = openSync(join(folder, file), "w");
    ftruncateSync(fd, bytes);
    closeSync(fd);
    utimesSync(join(folder, file), past, past);
  }
  writeFileSync(join(folder, "public.pem"), publicPem);
  const certificate = join(folder, "tls.pem");
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  request.push("-subj", "/CN=localhost", "-keyout", `${certificate}.key`, "-out", certificate);
  execFileSync("openssl", request, { stdio: "ignore" });
  return { folder, certificate };
}

/** Starts a server; resolves with its port and the processes whose time counts. `store` is the URL of a web server. */
export async function start(kind, { folder, certificate, store = "" }, tls) {
  if (kind === "nginx") return startNginx(folder, tls && certificate);
  if (kind === "portcullis serve") return startServe(folder, tls && certificate);
  const args = [kind, folder, store, ...(tls ? [certificate] : [])];
  const child = fork(fileURLToPath(new URL("file-server.mjs", import.meta.url)), args);
  const [port] = await once(child, "message");
  return { port, pids: () => [child.pid], stop: () => child.kill() };
}

async function startServe(folder, certificate) {
  const bin = fileURLToPath(new URL("../packages/cli/dist/bin.js", import.meta.url));
  const args = [bin, "serve", folder, "-k", join(folder, "public.pem"), "--host", "127.0.0.1", "--port", "0"];
  if (certificate) args.push("--tls-cert", certificate, "--tls-key", `${certificate}.key`);
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise((resolve) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text = (text + chunk).slice(-2000);
      const found = /on https?:\/\/[^"]*:(\d+)"/.exec(text);
      if (found) resolve(Number(found[1]));
    });
  });
  return { port, pids: () => [child.pid], stop: () => child.kill() };
}

export async function startNginx(folder, certificate, bytesPerSecond = 0) {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const tls = certificate
    ? `listen 127.0.0.1:${port} ssl; ssl_certificate ${certificate}; ssl_certificate_key ${certificate}.key;`
    : `listen 127.0.0.1:${port};`;
  const configuration = join(folder, "nginx.conf");
  writeFileSync(
    configuration,
    `daemon off; user root; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
     events {} http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
     limit_rate ${bytesPerSecond}; server { ${tls} root ${folder}; } }`,
  );
  const child = spawn("nginx", ["-c", configuration, "-p", folder], { stdio: "ignore" });
  await untilListening(port);
  const pids = () => [child.pid, ...childrenOf(child.pid)];
  return { port, pids, stop: () => child.kill() };
}

async function untilListening(port) {
  for (let tries = 0; tries < 100; tries += 1) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await new Promise((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

/** User and system time of processes, in microseconds. */
function processorTime(pids) {
  return pids.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return sum + (Number(fields[11]) + Number(fields[12])) * 10_000;
  }, 0);
}

/** Downloads over kept-alive connections, one response at a time on each; each must be complete. */
async function load(port, tls, { file, bytes, connections }, requests) {
  let left = requests;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const options = { port, host: "127.0.0.1", rejectUnauthorized: false };
      const socket = tls ? connectTls(options) : connect(options);
      let missing = 0;
      let head = "";
      let done;
      socket.on("data", (chunk) => {
        if (missing === 0) {
          head += chunk.latin1Slice(0, 2000);
          const end = chunk.indexOf("\r\n\r\n");
          if (!head.startsWith("HTTP/1.1 200") || end === -1) return socket.destroy(new Error(head));
          missing = bytes;
          chunk = chunk.subarray(end + 4);
        }
        missing -= chunk.length;
        if (missing === 0) done();
      });
      while (left > 0) {
        left -= 1;
        head = "";
        await new Promise((resolve, reject) => {
          done = resolve;
          socket.once("error", reject);
          socket.write(`GET /${file}${query} HTTP/1.1\r\nHost: bench\r\n\r\n`);
        });
        socket.removeAllListeners("error");
      }
      socket.destroy();
    }),
  );
}

async function measure(kind, made, size, tls) {
  const server = await start(kind, made, tls);
  try {
    await load(server.port, tls, size, Math.ceil(size.requests / 4));
    const before = processorTime(server.pids());
    await load(server.port, tls, size, size.requests);
    return (processorTime(server.pids()) - before) / size.requests;
  } finally {
    server.stop();
  }
}

/** The least of several rounds in turn, in microseconds, by size and server. */
export async function race(kinds, made, tls) {
  const least = {};
  for (const size of sizes) {
    for (let round = 0; round < rounds; round += 1) {
      for (const kind of kinds) {
        const time = await measure(kind, made, size, tls);
        const key = `${kind} ${size.name}`;
        least[key] = Math.min(least[key] ?? Number.POSITIVE_INFINITY, time);
      }
    }
  }
  return least;
}

export const format = (microseconds) =>
  microseconds < 1000
    ? `${microseconds.toFixed(0)} µs`
    : microseconds < 100_000
      ? `${(microseconds / 1000).toFixed(1)} ms`
      : `${(microseconds / 1e6).toFixed(2)} s`;

export async function measureFiles() {
  const made = makeFolder();
  const hasNginx = spawnable("nginx");
  try {
    const others = ["sirv", "serve-static", ...(hasNginx ? ["nginx"] : [])];
    const plain = await race(["floor", "origin", "portcullis serve", ...others], made, false);
    const rows = sizes.flatMap(({ name }) =>
      ["origin", "portcullis serve"].map((kind) => {
        const ratio = plain[`${kind} ${name}`] / plain[`floor ${name}`];
        return {
          what: `${kind}, a file of ${name}, against the floor on Node`,
          budget: "≤ 1.25 ×, ahead of sirv",
          measured: `${ratio.toFixed(2)} × (${format(plain[`${kind} ${name}`])})`,
          beside: ["floor", ...others].map((other) => `${other} ${format(plain[`${other} ${name}`])}`).join(", "),
          kept: ratio <= 1.25 && plain[`${kind} ${name}`] <= plain[`sirv ${name}`],
        };
      }),
    );
    if (!hasNginx) return rows;
    const encrypted = await race(["portcullis serve", "nginx"], made, true);
    for (const { name } of sizes) {
      const ratio = encrypted[`portcullis serve ${name}`] / encrypted[`nginx ${name}`];
      rows.push({
        what: `portcullis serve, a file of ${name} with TLS, against nginx`,
        budget: name === "1 GiB" ? "≤ 1.5 ×" : "–",
        measured: `${ratio.toFixed(2)} × (${format(encrypted[`portcullis serve ${name}`])})`,
        beside: `nginx ${format(encrypted[`nginx ${name}`])}`,
        kept: name !== "1 GiB" || ratio <= 1.5,
      });
    }
    return rows;
  } finally {
    rmSync(made.folder, { recursive: true });
  }
}

export function spawnable(program) {
  try {
    readdirSync("/proc/self/task");
    execFileSync(program, ["-v"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
