import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The response to one request. */
export interface NginxResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A running nginx that listens on a socket in a folder of its own. */
export interface Nginx {
  readonly folder: string;
  readonly socketPath: string;
  /** Sends one request, with the target unchanged. */
  get(target: string, options?: GetOptions): Promise<NginxResponse>;
  /** Everything that nginx has written to the files in its folder `logs`. */
  logs(): string;
  close(): Promise<void>;
}

interface GetOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

/** The nginx to run: this machine's, or, in test/nginx/newer-nginx.sh, one that was unpacked into a folder. */
const unpacked = process.env.PORTCULLIS_NGINX;
const program = unpacked ? `${unpacked}/nginx` : "/usr/sbin/nginx";
const jsModule = `${unpacked ?? ""}/usr/lib/nginx/modules/ngx_http_js_module.so`;

/** The engine of nginx's JavaScript module: its own, or QuickJS, which newer ones have too. */
export const jsEngine: "njs" | "qjs" = process.env.PORTCULLIS_NGINX_ENGINE === "qjs" ? "qjs" : "njs";

/**
 * Starts nginx with its JavaScript module; `http` is the content of the http block, in which `FOLDER`
 * is the folder and `SOCKET` the address to listen on. `files` are written into the
 * folder first.
 */
export async function startNginx(http: string, files: Record<string, string>): Promise<Nginx> {
  if (!existsSync(program) || !existsSync(jsModule)) {
    throw new Error("nginx is missing: apt-get install nginx libnginx-mod-http-js");
  }
  const folder = mkdtempSync(join(tmpdir(), "portcullis-nginx-"));
  const socketPath = join(folder, "socket");
  // Readable by the account that nginx's workers run under.
  const write = (name: string, content: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o755 });
    writeFileSync(join(folder, name), content, { mode: 0o644 });
  };
  for (const [name, content] of Object.entries(files)) write(name, content);
  write("logs/error.log", "");
  const block = http.replaceAll("FOLDER", folder).replaceAll("SOCKET", `unix:${socketPath}`);
  write("nginx.conf", mainConfiguration(folder, block));
  const child = spawn("/bin/sh", ["-c", `chmod 755 "$1" && exec ${program} -p "$1" -c nginx.conf`, "sh", folder], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  await untilListening(socketPath, child, () => errors + readLogs(folder));

  return {
    folder,
    socketPath,
    get: (target, options) => send(socketPath, target, options),
    logs: () => readLogs(folder),
    async close() {
      child.kill("SIGQUIT");
      if (child.exitCode === null) await new Promise((resolve) => child.once("exit", resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function mainConfiguration(folder: string, http: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${folder}/temporary-${kind};`,
  );
  return `daemon off; worker_processes 1; pid ${folder}/nginx.pid; load_module ${jsModule};
error_log ${folder}/logs/error.log info;
events {}
http { ${jsEngine === "qjs" ? "js_engine qjs;" : ""} access_log ${folder}/logs/default-access.log; ${temporary.join(" ")}
${http} }
`;
}

async function untilListening(path: string, child: ChildProcess, said: () => string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`nginx did not start: ${said()}`);
    const listening = await new Promise<boolean>((resolve) => {
      const socket = connect(path, () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (listening) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nginx did not start in time: ${said()}`);
}

function readLogs(folder: string): string {
  const names = ["error.log", "default-access.log", "downloads.log", "downloads-error.log"];
  const paths = names.map((name) => join(folder, "logs", name));
  return paths.map((path) => (existsSync(path) ? readFileSync(path, "utf8") : "")).join("");
}

function send(socketPath: string, path: string, options: GetOptions = {}): Promise<NginxResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path, ...options, agent: false }, (incoming) => {
      let body = "";
      incoming.setEncoding("utf8");
      incoming.on("data", (chunk) => {
        body += chunk;
      });
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body }));
    });
    outgoing.once("error", reject);
    outgoing.end();
  });
}
