import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "../support/free-port.ts";
import { freshToken } from "../support/link.ts";
import { testLogsWithoutTokens } from "../support/logged-tokens.ts";
import { portcullisCommand } from "../support/portcullis-process.ts";
import { testProxiedApp } from "../support/proxied-app-suite.ts";
import { rawRequest } from "../support/raw-request.ts";
import { startServer } from "../support/real-server.ts";
import { servedFolder } from "../support/served-folder.ts";
import { signingKey, signToken } from "../support/signing-key.ts";
import { until } from "../support/slow-reader.ts";
import { writeTlsFiles } from "../support/tls-files.ts";

const { base, www, key } = servedFolder({ "app.ipa": "the app" });
chmodSync(base, 0o755);

const port = await freePort();
// A program of one word, as the installed command is.
const program = join(base, "portcullis");
writeFileSync(program, `#!/bin/sh\nexec ${portcullisCommand().join(" ")} "$@"\n`, { mode: 0o755 });

const tlsPort = await freePort();
const tls = writeTlsFiles(base);
// The published example, with the paths and addresses of this test.
const withTls = readFileSync("examples/apache/portcullis.conf", "utf8")
  .replaceAll("/etc/ssl/certs/apps.example.com.pem", tls.cert)
  .replaceAll("/etc/ssl/private/apps.example.com.pem", tls.key)
  .replaceAll("/etc/portcullis/public.pem", join(base, "public.pem"))
  .replaceAll("/usr/bin/portcullis", program)
  .replaceAll("/var/log/apache2/", `${base}/`)
  .replaceAll("/srv/apps", www)
  .replace(" www-data:www-data", "")
  .replace("*:443", `127.0.0.1:${tlsPort}`);
const withoutTls = withTls.replace(/^ *SSL.*\n/gm, "").replace(`:${tlsPort}`, `:${port}`);
// The same, changed as the recipe says for path-bound tokens.
const boundPort = await freePort();
const pathBound = withoutTls
  .replace(`:${port}`, `:${boundPort}`)
  .replace(" rewritemap ", " rewritemap --path-bound ")
  .replace("RewriteRule", 'RewriteCond %{THE_REQUEST} "^\\S+ (\\S+)"\n    RewriteRule')
  .replace("?%{QUERY_STRING}", "%1");
const modules = [
  "mpm_event",
  "authz_core",
  "headers",
  "mime",
  "rewrite",
  "env",
  "setenvif",
  "socache_shmcb",
  "ssl",
  "http2",
];
const loadModules = modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`);
const isRoot = process.getuid?.() === 0;
writeFileSync(
  join(base, "httpd.conf"),
  `${loadModules.join("\n")}
ServerRoot ${base}
ServerName localhost
PidFile ${base}/httpd.pid
DefaultRuntimeDir ${base}
ErrorLog ${base}/error.log
TypesConfig /etc/mime.types
Listen 127.0.0.1:${port}
Listen 127.0.0.1:${tlsPort}
Listen 127.0.0.1:${boundPort}
SSLSessionCache none
Mutex file:${base}
Protocols h2 http/1.1
${isRoot ? "User www-data\nGroup www-data" : ""}
${withTls}
${withoutTls}
${pathBound}
`,
);
await startServer("apache2", ["-X", "-f", join(base, "httpd.conf")], port);

const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  rawRequest(port, path, { headers, method });

testProxiedApp("Apache", port, key);

test("any other link is refused with 401", async () => {
  for (const query of [
    "",
    "?",
    `?token=${freshToken(key, -600)}`,
    `?token=${freshToken(signingKey())}`,
    `?token=${freshToken(key)}&token=x`,
    `?token=${freshToken(key)}&%74oken=x`,
    "?token=allowed",
    `?a=$${"{portcullis:allowed}"}`,
    "?%0a%0dallowed",
    "?|allowed",
    `?token=${"x".repeat(5000)}`,
  ]) {
    for (const method of ["GET", "HEAD"]) {
      const { status, body } = await get(`/app.ipa${query}`, { Range: "bytes=0-0" }, method);
      assert.equal(status, 401, query.slice(0, 30));
      assert.equal(body.includes("the app"), false);
    }
    assert.equal((await get(`/app.ipa?token=${freshToken(key)}`)).status, 200);
  }
});

test("200 simultaneous clients each get the response to their own request", async () => {
  const [good, expired] = [freshToken(key), freshToken(key, -600)];
  const wrong: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    const clients = Array.from({ length: 200 }, async (_, index) => {
      const isGood = index % 2 === 0;
      const { status } = await get(`/app.ipa?token=${isGood ? good : expired}&client=${index}`);
      if (status !== (isGood ? 200 : 401)) wrong.push(`${index}: ${status}`);
    });
    await Promise.all(clients);
  }
  assert.deepEqual(wrong, []);
});

const logged = () =>
  ["error.log", "downloads-error.log", "downloads.log"].map((name) => readFileSync(join(base, name), "utf8")).join("");

test("Apache logs the reason", async () => {
  await get("/app.ipa");
  await until(() => logged().includes("code=token_missing"), "the line of the refusal");
  assert.match(logged(), /"GET \/app\.ipa" 200 7 code=allowed/);
  assert.match(logged(), /"GET \/app\.ipa" 401 \d+ code=token_missing/);
  assert.match(logged(), /"GET \/app\.ipa" 401 \d+ code=token_expired/);
});

testLogsWithoutTokens("Apache", {
  ports: { plain: port, tls: tlsPort, http2: tlsPort },
  key,
  logs: () => ({ Apache: logged() }),
});

test("with the change that the recipe describes, a path-bound token opens only its own path, in its own spelling", async () => {
  const exp = Math.floor(Date.now() / 1000) + 200;
  const token = signToken(key, { sub: "AppManifest", iss: "JSS", exp, aud: "/app.ipa" });
  const get = (target: string, of = token) => rawRequest(boundPort, `${target}?token=${of}`);
  assert.equal((await get("/app.ipa")).body.toString(), "the app");
  assert.equal((await get("http://files.example/app.ipa")).status, 200);
  for (const path of [
    "/",
    "/App.ipa",
    "//app.ipa",
    "/./app.ipa",
    "/x/../app.ipa",
    "/%61pp.ipa",
    "/app.ipa%3fx",
    "/app.ipa/",
  ])
    assert.equal((await get(path)).status, 401, path);
  assert.equal((await get("/app.ipa", freshToken(key))).status, 401);
});

test("when the program has exited, nothing is served", async () => {
  const running = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
  const programs = running.filter((text) => text.includes("rewritemap") && text.includes(base));
  assert.ok(programs.length > 0);
  for (const line of programs) process.kill(Number.parseInt(line, 10), "SIGKILL");
  for (let tries = 0; tries < 3; tries += 1) {
    const { status, body } = await get(`/app.ipa?token=${freshToken(key)}`);
    assert.equal(status, 401);
    assert.equal(body.includes("the app"), false);
  }
});
