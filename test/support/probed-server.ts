import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { startServer } from "./real-server.ts";

/** nginx with a server block of these directives; returns its origin. `http` is added to the http block around it. */
export async function startNginx(folder: string, server: string, http = ""): Promise<string> {
  const port = await freePort();
  const home = join(folder, `nginx-${port}`);
  mkdirSync(home);
  const path = join(home, "nginx.conf");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${home}/${kind};`,
  );
  writeFileSync(
    path,
    `daemon off; pid ${home}/pid; error_log ${home}/error.log; ${process.getuid?.() === 0 ? "user root;" : ""}
events {}
http {
  access_log off; ${temporary.join(" ")}
  types { application/octet-stream ipa pkg; }
  ${http}
  server { listen 127.0.0.1:${port}; ${server} }
}
`,
  );
  await startServer("nginx", ["-p", home, "-c", path, "-e", join(home, "error.log")], port);
  return `http://127.0.0.1:${port}`;
}

/** HAProxy with a frontend of these rules in front of another server; returns its origin. */
export async function startHaproxy(folder: string, rules: string, backend: string): Promise<string> {
  const port = await freePort();
  const path = join(folder, `haproxy-${port}.cfg`);
  writeFileSync(
    path,
    `defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend probe
  bind 127.0.0.1:${port}
${rules}
  default_backend files
backend files
  server files ${new URL(backend).host}
`,
  );
  await startServer("haproxy", ["-db", "-f", path], port);
  return `http://127.0.0.1:${port}`;
}

/** Apache httpd with these directives; returns its origin. */
export async function startApache(folder: string, directives: string): Promise<string> {
  const port = await freePort();
  const home = join(folder, `apache-${port}`);
  mkdirSync(home);
  const modules = ["mpm_event", "authz_core", "authz_host", "alias", "mime", "headers", "rewrite", "dir"];
  const load = modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`);
  const path = join(home, "apache.conf");
  writeFileSync(
    path,
    `${load.join("\n")}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${home}/pid
ErrorLog ${home}/error.log
DefaultRuntimeDir ${home}
Mutex file:${home}
${process.getuid?.() === 0 ? "User www-data\nGroup www-data" : ""}
TypesConfig /dev/null
AddType application/octet-stream .ipa .pkg
${directives}
`,
  );
  await startServer("apache2", ["-DFOREGROUND", "-d", home, "-f", path], port);
  return `http://127.0.0.1:${port}`;
}

/** Makes a folder readable for servers that drop their privileges. */
export function makeReadable(folder: string): void {
  chmodSync(folder, 0o755);
}
