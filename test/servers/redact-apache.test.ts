import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fingerprintToken } from "@portcullis/core";
import { redact } from "../../packages/cli/src/commands/redact/redact.ts";
import { rewritemap } from "../../packages/cli/src/commands/rewritemap/rewritemap.ts";
import { freePort } from "../support/free-port.ts";
import { freshToken } from "../support/link.ts";
import { portcullisCommand } from "../support/portcullis-process.ts";
import { rawRequest } from "../support/raw-request.ts";
import { startServer } from "../support/real-server.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
chmodSync(folder, 0o755);
const www = join(folder, "www");
mkdirSync(www);
writeFileSync(join(www, "a.ipa"), "the app");
// A program of one word, as the installed command is.
const program = join(folder, "portcullis");
writeFileSync(program, `#!/bin/sh\nexec ${portcullisCommand().join(" ")} "$@"\n`, { mode: 0o755 });

const log = join(folder, "access.log");
/** The line of `redact --help`, with the paths of this test. */
const line = redact.examples
  ?.find(({ command }) => command.startsWith("CustomLog"))
  ?.command.replace("portcullis", program)
  .replace("/var/log/apache2/access.log", log);
const key = signingKey();
writeFileSync(join(folder, "public.pem"), key.publicPem);
/** The line of `rewritemap --help`. */
const map = rewritemap.examples
  ?.find(({ command }) => command.startsWith("RewriteMap"))
  ?.command.replace("/usr/bin/portcullis", program)
  .replace("/etc/public.pem", join(folder, "public.pem"));

/** Waits until the log contains a text, which the filter writes a moment after the response. */
async function logHas(text: string): Promise<void> {
  for (let wait = 0; wait < 100; wait += 1) {
    if (existsSync(log) && readFileSync(log, "utf8").includes(text)) return;
    await delay(100);
  }
  assert.fail(`the log lacks ${text}`);
}

test("Apache with the lines of redact --help and rewritemap --help logs fingerprints only, checks tokens, and survives reloads", async () => {
  const port = await freePort();
  const modules = ["mpm_event", "authz_core", "rewrite"];
  const configuration = join(folder, "httpd.conf");
  writeFileSync(
    configuration,
    `${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join("\n")}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${folder}/httpd.pid
DefaultRuntimeDir ${folder}
ErrorLog ${folder}/error.log
Mutex file:${folder}
${process.getuid?.() === 0 ? "User www-data\nGroup www-data" : ""}
DocumentRoot ${www}
LogFormat "%h %l %u %t \\"%r\\" %>s %O" combined
${line}
RewriteEngine on
${map}
RewriteCond \${gate:?%{QUERY_STRING}} !=allowed
RewriteRule ^ - [R=401,L]
`,
  );
  const apache = await startServer("apache2", ["-DFOREGROUND", "-d", folder, "-f", configuration], port);
  for (const signal of ["SIGUSR1", "SIGHUP", undefined] as const) {
    const token = freshToken(key, 600 + (signal?.length ?? 0));
    const { status } = await rawRequest(port, `/a.ipa?token=${token}`);
    assert.equal(status, 200);
    assert.equal((await rawRequest(port, `/a.ipa?token=${freshToken(signingKey())}`)).status, 401);
    await logHas(`"GET /a.ipa?token=${await fingerprintToken(token)} HTTP/1.1" 200`);
    if (signal) {
      apache.kill(signal);
      const ended = await Promise.race([once(apache, "exit").then(() => true), delay(1500, false)]);
      assert.equal(ended, false, `Apache ended after ${signal}: ${readFileSync(join(folder, "error.log"), "utf8")}`);
    }
  }
  assert.doesNotMatch(readFileSync(log, "utf8"), /eyJ/);
});
