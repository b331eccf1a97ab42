import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "../support/free-port.ts";
import { freshToken } from "../support/link.ts";
import { startPortcullis } from "../support/portcullis-process.ts";
import { rawRequest } from "../support/raw-request.ts";
import { startServer } from "../support/real-server.ts";
import { servedFolder } from "../support/served-folder.ts";
import { writeTlsFiles } from "../support/tls-files.ts";

const { base, www, key } = servedFolder({ "app.ipa": "the app" });
const port = await freePort();
const tls = writeTlsFiles(base);
const sockets = [join(base, "auth-1.sock"), join(base, "auth-2.sock")];

// The published example, with a second process.
const example = readFileSync("examples/nginx-auth-request/portcullis.conf", "utf8")
  .replace("server unix:/run/portcullis/auth.sock;", sockets.map((socket) => `server unix:${socket};`).join(" "))
  .replaceAll("/srv/apps", www)
  .replaceAll("/var/log/nginx/", `${base}/`)
  .replaceAll("/etc/ssl/certs/apps.example.com.pem", tls.cert)
  .replaceAll("/etc/ssl/private/apps.example.com.pem", tls.key)
  .replace("listen 443 ssl;", `listen 127.0.0.1:${port};`);
writeFileSync(
  join(base, "nginx.conf"),
  `${process.getuid?.() === 0 ? "user root;" : ""} daemon off; worker_processes 1; pid ${base}/nginx.pid;
error_log ${base}/error.log; events {}
http { client_body_temp_path ${base}/body; proxy_temp_path ${base}/proxy; fastcgi_temp_path ${base}/f;
uwsgi_temp_path ${base}/u; scgi_temp_path ${base}/s; ${example} }`,
);
const processes = sockets.map((socket) =>
  startPortcullis(["auth", "--for", "nginx", "--key", join(base, "public.pem"), "--socket", socket]),
);
for (const { line } of processes) await line(({ msg }) => msg?.includes(" on unix:") === true);
await startServer("nginx", ["-p", base, "-c", join(base, "nginx.conf")], port);

const statusOf = async (query: string) => (await rawRequest(port, `/app.ipa${query}`)).status;

test("two processes of auth take turns, and make the same decisions", async () => {
  const token = freshToken(key);
  for (let round = 0; round < 4; round += 1) {
    assert.equal(await statusOf(`?token=${token}`), 200);
    assert.equal(await statusOf("?token=x"), 401);
  }
  for (const { line } of processes) await line(({ event }) => event === "authorization");
});

test("if one of them ends, nginx asks the other", async () => {
  await processes[0]?.end();
  const token = freshToken(key);
  for (let round = 0; round < 4; round += 1) {
    assert.equal(await statusOf(`?token=${token}`), 200);
    assert.equal(await statusOf("?token=x"), 401);
  }
});
