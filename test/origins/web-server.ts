import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { freePort } from "../support/free-port.ts";
import { startServer } from "../support/real-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A real nginx that serves a folder to requests with the right `Authorization` header only. */
export interface WebServer {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The folder that it serves. */
  readonly root: string;
  put(name: string, body: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
}

export async function startWebServer(): Promise<WebServer> {
  const folder = temporaryFolder();
  const root = join(folder, "apps");
  mkdirSync(root);
  const port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const paths = temporary.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(" ");
  writeFileSync(
    join(folder, "nginx.conf"),
    `daemon off; user root; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events {}
http {
  access_log ${folder}/access.log; ${paths}
  server {
    listen 127.0.0.1:${port};
    location /apps/ { if ($http_authorization != "Bearer of-the-gate") { return 403; } root ${folder}; }
  }
}
`,
  );
  await startServer("nginx", ["-p", folder, "-c", join(folder, "nginx.conf")], port);
  let written = 1_700_000_000;
  return {
    url: `http://127.0.0.1:${port}/apps/`,
    headers: { Authorization: "Bearer of-the-gate" },
    root,
    async put(name, body) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), body);
      // nginx computes its ETag from the size and the whole seconds of the time, so it cannot distinguish two versions of one second.
      written += 1;
      utimesSync(join(root, name), written, written);
    },
    async remove(name) {
      rmSync(join(root, name));
    },
  };
}
