/**
 * Follows each recipe as a newcomer would: runs the lines of an example in order, in a copy of this machine (an overlay
 * that is discarded, with its own processes and network), with Debian's own configuration of each server.
 */
import assert from "node:assert/strict";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { installedCommand } from "../support/installed-command.ts";
import { freshToken } from "../support/link.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeTlsFiles } from "../support/tls-files.ts";
import { requireTool, runTool } from "../support/tool.ts";

const base = temporaryFolder();
chmodSync(base, 0o755);
const key = signingKey();
const tls = writeTlsFiles(base);
writeFileSync(join(base, "public.pem"), key.publicPem);

// Replacements for programs that need a running system or the network.
mkdirSync(join(base, "bin"));
copyFileSync("test/tools/systemctl.py", join(base, "bin/systemctl"));
writeFileSync(join(base, "bin/apt-get"), '#!/bin/sh\n[ "$1" = install ] && shift && dpkg --status "$@" > /dev/null\n');
for (const name of ["systemctl", "apt-get"]) chmodSync(join(base, "bin", name), 0o755);

/** What an administrator has before the recipe begins: files, a certificate, and the command. */
const given = `
printf '#!/bin/sh\\nexec ${process.execPath} ${installedCommand()} "$@"\\n' > /usr/bin/portcullis
chmod 755 /usr/bin/portcullis
mkdir -p /srv/apps /srv/downloads/apps
printf 'the app' | tee /srv/apps/app.ipa > /srv/downloads/apps/app.ipa
install -m 644 ${tls.cert} /etc/ssl/certs/apps.example.com.pem
install -m 600 ${tls.key} /etc/ssl/private/apps.example.com.pem
install -m 600 ${tls.both} /etc/haproxy/apps.example.com.pem
cp ${base}/public.pem ${tls.cert} ${tls.key} .
(cd /srv/apps && exec python3 -m http.server --bind 127.0.0.1 8081 > /dev/null 2>&1) &
groupdel ssl-cert 2> /dev/null || true
`;

interface Recipe {
  /** The example whose first comment has the lines. */
  readonly example: string;
  /** What a reader changes before the last line. */
  readonly change?: string;
  readonly path?: string;
  readonly host?: string;
}

const recipes: Readonly<Record<string, Recipe>> = {
  "nginx in process": { example: "examples/nginx/portcullis.conf", path: "/apps/app.ipa" },
  "nginx with auth_request": { example: "examples/nginx-auth-request/portcullis.conf" },
  Caddy: {
    example: "examples/caddy/Caddyfile",
    // A name for which Caddy makes the certificate itself.
    change: "sed -i 's/^apps.example.com/localhost/' /etc/caddy/Caddyfile",
    host: "localhost",
  },
  Apache: { example: "examples/apache/portcullis.conf" },
  HAProxy: { example: "examples/haproxy/haproxy.cfg" },
  "serve as a systemd service": { example: "examples/systemd/portcullis.service" },
};

/** The lines to run: what is indented in the first comment of an example. */
function linesOf(example: string): string[] {
  const [comment = ""] = /^(#.*\n)+/.exec(readFileSync(example, "utf8")) ?? [];
  return [...comment.matchAll(/^# {3}(\S.*)$/gm)].map(([, line = ""]) => line);
}

/** Runs a script in a copy of this machine that is discarded afterwards. */
function runInCopy(script: string) {
  const copy = join(temporaryFolder(), "copy");
  mkdirSync(copy);
  writeFileSync(join(base, "walk.sh"), script);
  const enter = `
mount -t tmpfs tmpfs ${copy} && mkdir ${copy}/upper ${copy}/work ${copy}/merged
mount -t overlay overlay -o lowerdir=/,upperdir=${copy}/upper,workdir=${copy}/work ${copy}/merged
mount -t proc proc ${copy}/merged/proc && mount --rbind /dev ${copy}/merged/dev && mount -t tmpfs -o mode=755 tmpfs ${copy}/merged/run
ip link set lo up
exec chroot ${copy}/merged env PATH=${base}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin bash ${base}/walk.sh`;
  const root = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  return runTool(requireTool("unshare"), [
    ...root,
    "--mount",
    "--net",
    "--pid",
    "--fork",
    "--kill-child",
    "sh",
    "-ec",
    enter,
  ]);
}

for (const [name, { example, change = "", path = "/app.ipa", host = "apps.example.com" }] of Object.entries(recipes)) {
  test(`${name}: the recipe's lines set up a server that serves valid links only`, async () => {
    const lines = linesOf(example);
    assert.ok(lines.length >= 4, "the example says what to run");
    const url = `https://${host}${path}`;
    const ask = (query: string) =>
      `curl -sk --max-time 10 -w ' %{http_code}\\n' --resolve ${host}:443:127.0.0.1 '${url}${query}'`;
    const { code, stdout, stderr } = await runInCopy(`set -e
trap 'tail -n 5 /var/log/{portcullis*,caddy,haproxy,nginx,apache2}.log >&2 2> /dev/null || true' EXIT
mkdir -p /run/lock
cd ${process.cwd()}
${given}
set -x
${lines.slice(0, -1).join("\n")}
${change}
${lines.at(-1)}
set +x
for try in $(seq 100); do ${ask("")} | grep -q ' 401$' && break; sleep 0.1; done
${ask("")} | tail -1 | sed 's/.* //'
${ask(`?token=${freshToken(key)}`)}
`);
    assert.equal(code, 0, stderr);
    assert.equal(stdout.replace(/^(?!401$|the app).*\n/gm, ""), "401\nthe app 200\n", stdout + stderr);
  });
}
