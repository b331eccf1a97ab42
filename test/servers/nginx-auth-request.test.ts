import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fingerprintToken } from "@portcullis/core";
import { freePort } from "../support/free-port.ts";
import { freshToken } from "../support/link.ts";
import { testLogsWithoutTokens } from "../support/logged-tokens.ts";
import { startPortcullis } from "../support/portcullis-process.ts";
import { testProxiedApp } from "../support/proxied-app-suite.ts";
import { rawRequest } from "../support/raw-request.ts";
import { startServer } from "../support/real-server.ts";
import { servedFolder } from "../support/served-folder.ts";
import { signingKey } from "../support/signing-key.ts";
import { writeTlsFiles } from "../support/tls-files.ts";

const { base, www, key } = servedFolder({ "app.ipa": "the app" });
const socket = join(base, "auth.sock");

const port = await freePort();
const tlsPort = await freePort();
const tls = writeTlsFiles(base);
// The published example, with the paths and ports of this test.
const example = readFileSync("examples/nginx-auth-request/portcullis.conf", "utf8")
  .replaceAll("/run/portcullis/auth.sock", socket)
  .replaceAll("/srv/apps", www)
  .replaceAll("/var/log/nginx/", `${base}/`)
  .replaceAll("/etc/ssl/certs/apps.example.com.pem", tls.cert)
  .replaceAll("/etc/ssl/private/apps.example.com.pem", tls.key)
  .replace("listen 443 ssl;", `listen 127.0.0.1:${port}; listen 127.0.0.1:${tlsPort} ssl http2;`);
writeFileSync(
  join(base, "nginx.conf"),
  `${process.getuid?.() === 0 ? "user root;" : ""} daemon off; pid ${base}/nginx.pid; error_log ${base}/error.log;
events {}
http { client_body_temp_path ${base}/body; proxy_temp_path ${base}/proxy; fastcgi_temp_path ${base}/f;
uwsgi_temp_path ${base}/u; scgi_temp_path ${base}/s; ${example} }`,
);

const args = ["auth", "--for", "nginx", "--key", join(base, "public.pem"), "--socket", socket];
const portcullis = startPortcullis(args);
await portcullis.line(({ msg }) => msg?.includes(" on unix:") === true);
await startServer("nginx", ["-p", base, "-c", join(base, "nginx.conf")], port);

const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  rawRequest(port, path, { headers, method });

testProxiedApp("nginx", port, key);

test("any other link is refused by nginx with 401 or 403, never with 500", async () => {
  for (const [query, status] of [
    ["", 401],
    [`?token=${freshToken(key, -600)}`, 401],
    [`?token=${freshToken(signingKey())}`, 401],
    [`?TOKEN=${freshToken(key)}`, 401],
    [`?token=${freshToken(key)}&token=x`, 403],
    [`?token=${freshToken(key)}&%74oken=x`, 403],
    [`?token=${"x".repeat(5000)}`, 403],
  ] as const) {
    for (const method of ["GET", "HEAD"]) {
      const response = await get(`/app.ipa${query}`, { Range: "bytes=0-0" }, method);
      assert.equal(response.status, status, `${method} ${query.slice(0, 20)}`);
      assert.equal(response.body.includes("the app"), false);
    }
  }
});

test("clients cannot request the internal location", async () => {
  assert.equal((await get(`/_portcullis?token=${freshToken(key)}`)).status, 404);
});

const logged = () =>
  ["error.log", "downloads-error.log", "downloads.log"].map((name) => readFileSync(join(base, name), "utf8")).join("");

test("nginx logs the reason and the fingerprint", async () => {
  const token = freshToken(key);
  await get(`/app.ipa?token=${token}`, { Range: "bytes=0-2" });
  await get("/app.ipa");
  const fingerprint = await fingerprintToken(token);
  assert.match(logged(), new RegExp(`"GET /app\\.ipa" 206 .*range="bytes=0-2" code=allowed token=${fingerprint}`));
  assert.match(logged(), /GET \/app\.ipa" 401 .*code=token_missing/);
});

testLogsWithoutTokens("nginx", {
  ports: { plain: port, tls: tlsPort, http2: tlsPort },
  key,
  logs: () => ({ nginx: logged(), "portcullis auth": JSON.stringify(portcullis.log) }),
});

test("while the service is down nothing is served, and when it is back everything works again", async () => {
  const path = `/app.ipa?token=${freshToken(key)}`;
  await portcullis.end();
  for (const asked of [path, "/app.ipa"]) {
    const { status, body } = await get(asked);
    assert.equal(status, 500);
    assert.equal(body.includes("the app"), false);
  }
  const again = startPortcullis(args);
  await again.line(({ msg }) => msg?.includes(" on unix:") === true);
  assert.equal((await get(path)).status, 200);
});
