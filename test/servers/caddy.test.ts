import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
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

const { base, www, key } = servedFolder({ "app.ipa": "the app", ".hidden": "hidden" });
const socket = join(base, "auth.sock");

const port = await freePort();
const log = join(base, "access.log");
const tlsPort = await freePort();
const tls = writeTlsFiles(base);
// The published example, with the paths and addresses of this test.
const example = readFileSync("examples/caddy/Caddyfile", "utf8")
  .replaceAll("/run/portcullis/auth.sock", socket)
  .replaceAll("/srv/apps", www)
  .replace("log default {", `admin off\n\tauto_https off\n\tlog default {\n\t\toutput file ${log}`);
const [options = "", site = ""] = example.split("\napps.example.com {");
const withoutTls = `http://127.0.0.1:${port}, http://localhost:${port} {${site}`;
const withTls = `https://127.0.0.1:${tlsPort}, https://localhost:${tlsPort} {\n\ttls ${tls.cert} ${tls.key}${site}`;
writeFileSync(join(base, "Caddyfile"), [options, withoutTls, withTls].join("\n"));

const args = ["auth", "--for", "caddy", "--key", join(base, "public.pem"), "--socket", socket];
const portcullis = startPortcullis(args);
await portcullis.line(({ msg }) => msg?.includes(" on unix:") === true);
const config = ["run", "--config", join(base, "Caddyfile"), "--adapter", "caddyfile"];
await startServer("caddy", config, port, { HOME: base, XDG_DATA_HOME: base, XDG_CONFIG_HOME: base });

const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  rawRequest(port, path, { headers, method });

testProxiedApp("Caddy", port, key);

test("any other link is refused, and the response says why", async () => {
  for (const [query, status, code] of [
    ["", 401, "token_missing"],
    [`?token=${freshToken(key, -600)}`, 401, "token_expired"],
    [`?token=${freshToken(signingKey())}`, 401, "signature_invalid"],
    [`?token=${freshToken(key)}&token=x`, 403, "token_repeated"],
    [`?token=${freshToken(key)}&%74oken=x`, 403, "token_repeated"],
  ] as const) {
    const response = await get(`/app.ipa${query}`, { Range: "bytes=0-0" });
    assert.equal(response.status, status);
    assert.equal(JSON.parse(response.body.toString()).code, code);
    assert.equal(response.headers["cache-control"], "no-store");
    assert.equal(response.headers["content-type"], "application/problem+json");
    const head = await get(`/app.ipa${query}`, {}, "HEAD");
    assert.equal(head.status, status);
  }
});

const logText = () => (existsSync(log) ? readFileSync(log, "utf8") : "");

async function untilLogged(text: string): Promise<void> {
  for (let tries = 0; tries < 100 && !logText().includes(text); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.ok(logText().includes(text), `${text} is not in the log`);
}

test("Caddy logs the reason and the fingerprint", async () => {
  const token = freshToken(key, 500);
  await get(`/app.ipa?token=${token}`, { Referer: `http://x/?token=${token}` });
  const fingerprint = `"X-Portcullis-Token":["${await fingerprintToken(token)}"]`;
  await untilLogged(fingerprint);
  const line = logText()
    .split("\n")
    .find((one) => one.includes(fingerprint));
  assert.equal(JSON.parse(line ?? "").request.uri, "/app.ipa");
  await get("/app.ipa");
  await untilLogged('"X-Portcullis-Code":["token_missing"]');
  assert.match(logText(), /"method":"GET","uri":"\/app\.ipa"/);
});

testLogsWithoutTokens("Caddy", {
  ports: { plain: port, tls: tlsPort, http2: tlsPort },
  key,
  logs: () => ({ Caddy: logText(), "portcullis auth": JSON.stringify(portcullis.log) }),
});

test("while the service is down nothing is served, and when it is back everything works again", async () => {
  const path = `/app.ipa?token=${freshToken(key)}`;
  await portcullis.end();
  for (const asked of [path, "/app.ipa"]) {
    const { status, body } = await get(asked);
    assert.equal(status, 502);
    assert.equal(body.includes("the app"), false);
  }
  await untilLogged("dial unix");
  assert.equal(logText().includes("eyJ"), false, "errors are logged without the token too");
  const again = startPortcullis(args);
  await again.line(({ msg }) => msg?.includes(" on unix:") === true);
  assert.equal((await get(path)).status, 200);
});
