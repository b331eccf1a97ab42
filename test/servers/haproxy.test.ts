import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fingerprintToken } from "@portcullis/core";
import { freePort } from "../support/free-port.ts";
import { freshToken } from "../support/link.ts";
import { testLogsWithoutTokens } from "../support/logged-tokens.ts";
import { startPortcullis } from "../support/portcullis-process.ts";
import { startNginx } from "../support/probed-server.ts";
import { testProxiedApp } from "../support/proxied-app-suite.ts";
import { rawRequest } from "../support/raw-request.ts";
import { startServer } from "../support/real-server.ts";
import { servedFolder } from "../support/served-folder.ts";
import { signingKey } from "../support/signing-key.ts";
import { until } from "../support/slow-reader.ts";
import { writeTlsFiles } from "../support/tls-files.ts";
import { runTool } from "../support/tool.ts";

const { base, www, key } = servedFolder({ "app.ipa": "the app" });
const socket = join(base, "auth.sock");
const files = await startNginx(
  base,
  `root ${www}; access_log ${base}/behind.log behind;`,
  "log_format behind '$request $http_referer';",
);

// HAProxy logs to a file descriptor or by UDP.
const logs = createSocket("udp4").bind(0, "127.0.0.1");
await once(logs, "listening");
after(() => logs.close());
let log = "";
logs.on("message", (line) => {
  log += line;
});

const port = await freePort();
const http2 = await freePort();
const tlsPort = await freePort();
const tls = writeTlsFiles(base);
// The published example, with the paths and addresses of this test, and without a chroot.
const script = readFileSync("examples/haproxy/portcullis.lua", "utf8").replaceAll(
  "unix@/portcullis/auth.sock",
  `unix@${socket}`,
);
writeFileSync(join(base, "portcullis.lua"), script);
const example = readFileSync("examples/haproxy/haproxy.cfg", "utf8")
  .replace("/etc/haproxy/portcullis.lua", join(base, "portcullis.lua"))
  .replace("log stdout", `log 127.0.0.1:${logs.address().port}`)
  .replace(/^\t(user|group|chroot) .*\n/gm, "")
  .replace(
    /bind :443 ssl .*/,
    `bind 127.0.0.1:${port}\n\tbind 127.0.0.1:${http2} proto h2\n\tbind 127.0.0.1:${tlsPort} ssl crt ${tls.both} alpn h2,http/1.1`,
  )
  .replace("127.0.0.1:8081", new URL(files).host);
writeFileSync(join(base, "haproxy.cfg"), example);

const args = ["auth", "--for", "haproxy", "--key", join(base, "public.pem"), "--socket", socket];
const portcullis = startPortcullis(args);
await portcullis.line(({ msg }) => msg?.includes(" on unix:") === true);
await startServer("haproxy", ["-db", "-f", join(base, "haproxy.cfg")], port);

const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  rawRequest(port, path, { headers, method });

testProxiedApp("HAProxy", port, key);

test("any other link is refused, and the response says why", async () => {
  for (const [query, status, code] of [
    ["", 401, "token_missing"],
    [`?token=${freshToken(key, -600)}`, 401, "token_expired"],
    [`?token=${freshToken(signingKey())}`, 401, "signature_invalid"],
    [`?token=${freshToken(key)}&%74oken=x`, 403, "token_repeated"],
    [`?token=${"x".repeat(5000)}`, 403, "token_too_long"],
  ] as const) {
    const { status: got, headers, body } = await get(`/app.ipa${query}`, { Range: "bytes=0-0" });
    assert.deepEqual([got, JSON.parse(body.toString()).code], [status, code]);
    assert.equal(headers["content-type"], "application/problem+json");
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["www-authenticate"]?.startsWith("Bearer"), status === 401 ? true : undefined);
    const head = await get(`/app.ipa${query}`, {}, "HEAD");
    assert.deepEqual([head.status, head.body.length], [status, 0]);
  }
  assert.equal((await get(`/app.ipa?token=${freshToken(key)}`, {}, "POST")).status, 405);
});

test("HTTP/2 requests are checked too", async () => {
  const ask = async (query: string) => {
    const url = `http://127.0.0.1:${http2}/app.ipa${query}`;
    return (await runTool("curl", ["-sS", "--http2-prior-knowledge", "-w", " %{http_version} %{http_code}", url]))
      .stdout;
  };
  assert.equal(await ask(`?token=${freshToken(key)}`), "the app 2 200");
  assert.match(await ask(`?token=${freshToken(key, -600)}`), /"token_expired".* 2 401$/s);
});

test("HAProxy logs the reason and the fingerprint, and the backend gets neither query nor Referer", async () => {
  const token = freshToken(key, 500);
  await get(`/app.ipa?token=${token}`, { Referer: `http://x/?token=${token}` });
  await get(`/app.ipa?token=${freshToken(key, -600)}`);
  await until(() => log.includes("code=token_expired"), "the line of the refusal");
  assert.match(log, new RegExp(`GET /app\\.ipa 200 \\d+ code=allowed token=${await fingerprintToken(token)}`));
  const behind = readFileSync(join(base, "behind.log"), "utf8");
  assert.match(behind, /^GET \/app\.ipa HTTP\/1\.1 -$/m);
  assert.doesNotMatch(behind, /eyJ/);
});

testLogsWithoutTokens("HAProxy", {
  ports: { plain: port, tls: tlsPort, http2: tlsPort },
  key,
  logs: () => ({ HAProxy: log, "portcullis auth": JSON.stringify(portcullis.log) }),
});

test("while the service is down nothing is served, and when it is back everything works again", async () => {
  const path = `/app.ipa?token=${freshToken(key)}`;
  await portcullis.end();
  for (const asked of [path, "/app.ipa"]) {
    const { status, body } = await get(asked);
    assert.equal(status, 503);
    assert.equal(body.includes("the app"), false);
  }
  const again = startPortcullis(args);
  await again.line(({ msg }) => msg?.includes(" on unix:") === true);
  assert.equal((await get(path)).status, 200);
});

test("a failing script lets nothing through", async () => {
  const failing = await freePort();
  writeFileSync(join(base, "portcullis.lua"), script.replace("local response = ask(txn)", 'error("broken")'));
  const config = readFileSync(join(base, "haproxy.cfg"), "utf8")
    .replace(`:${port}`, `:${failing}`)
    .replace(/^\tbind.*(proto h2|ssl crt .*)$/gm, "");
  writeFileSync(join(base, "failing.cfg"), config);
  await startServer("haproxy", ["-db", "-f", join(base, "failing.cfg")], failing);
  assert.equal((await rawRequest(failing, `/app.ipa?token=${freshToken(key)}`)).status, 503);
});
