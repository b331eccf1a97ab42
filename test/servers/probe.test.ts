import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { createGate } from "@portcullis/core";
import { guard } from "@portcullis/node-http";
import { folder as folderOrigin, serveFrom } from "@portcullis/origin/node";
import { freshToken } from "../support/link.ts";
import { startPortcullis } from "../support/portcullis-process.ts";
import { pemOf } from "../support/private-key.ts";
import { probeVerdict } from "../support/probe-verdict.ts";
import { makeReadable, startApache, startHaproxy, startNginx } from "../support/probed-server.ts";
import { runMain } from "../support/run-main.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
makeReadable(folder);
const files = join(folder, "files");
mkdirSync(files);
writeFileSync(join(files, "a.ipa"), randomBytes(200_000));
const key = signingKey();
const publicPem = join(folder, "public.pem");
const privatePem = join(folder, "key.pem");
writeFileSync(publicPem, key.publicPem);
writeFileSync(privatePem, pemOf(key.privateKey));

interface Outcome {
  readonly code: number;
  readonly verdict: string;
  readonly sentence: string;
  readonly cases: Readonly<
    Record<string, { readonly passed: boolean | null; readonly statuses?: Record<string, number> }>
  >;
  readonly checks: Readonly<Record<string, string>>;
}

async function probe(origin: string, ...more: string[]): Promise<Outcome> {
  const credentials = more.length > 0 ? more : ["--private-key", privatePem];
  const run = await runMain(["probe", `${origin}/a.ipa`, "--json", ...credentials]);
  assert.notEqual(run.stdout, "", run.stderr);
  const { verdict, sentence, cases, checks } = JSON.parse(run.stdout);
  return {
    code: run.code,
    verdict,
    sentence,
    cases: Object.fromEntries(cases.map((one: { id: string }) => [one.id, one])),
    checks: Object.fromEntries(checks.map((one: { id: string; outcome: string }) => [one.id, one.outcome])),
  };
}

function failed({ cases }: Outcome): string[] {
  return Object.keys(cases).filter((id) => cases[id]?.passed === false);
}

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The files behind our own guard. */
function ours(): Promise<string> {
  return listen(guard({ keys: key.publicPem }, serveFrom(folderOrigin(files))));
}

/** Responds to nginx's `auth_request`, which treats anything but 2xx, 401 and 403 as a failure. */
function authServer(): Promise<string> {
  const gate = createGate({ keys: key.publicPem });
  return listen(async (request, response) => {
    const { allowed } = await gate.check(request.url ?? "");
    response.writeHead(allowed ? 204 : 401).end();
  });
}

test("our own guard is LOCKED, with exit code 0", async () => {
  const outcome = await probe(await ours());
  assert.equal(outcome.verdict, "LOCKED", outcome.sentence);
  assert.equal(outcome.code, 0);
  assert.deepEqual(failed(outcome), []);
  assert.ok(Object.values(outcome.checks).every((one) => one !== "fault"));
  assert.equal(Object.values(outcome.cases).filter(({ passed }) => passed).length, 16);
});

test("portcullis serve as a process is LOCKED", async () => {
  const server = startPortcullis(["serve", files, "--key", publicPem, "--host", "127.0.0.1", "--port", "0"]);
  const { verdict, faults } = await probeVerdict(`http://127.0.0.1:${await server.port()}/a.ipa`, key);
  assert.deepEqual([verdict, faults], ["LOCKED", []]);
});

test("with one token only, our own guard is LOCKED as far as can be shown", async () => {
  const outcome = await probe(await ours(), "--token", freshToken(key));
  assert.equal(outcome.verdict, "LOCKED");
  assert.match(outcome.sentence, /as far as one token can show; 6 of 16 cases need the key: --private-key/);
  assert.equal(outcome.cases.expired?.passed, null);
});

test("a token in the URL is used as the valid token", async () => {
  const origin = await ours();
  const run = await runMain(["probe", `${origin}/a.ipa?token=${freshToken(key)}`, "--json"]);
  const { url, verdict } = JSON.parse(run.stdout);
  assert.deepEqual([url, verdict], [`${origin}/a.ipa`, "LOCKED"]);
});

test("without a token, a protected server is UNPROVEN, with exit code 1", async () => {
  const run = await runMain(["probe", `${await ours()}/a.ipa`]);
  assert.equal(run.code, 1);
  assert.match(run.stdout, /UNPROVEN: not open, but no valid token was tried: pass --private-key\.\n$/);
});

test("plain nginx is OPEN: anyone with the URL can download", async () => {
  const outcome = await probe(await startNginx(folder, `root ${files};`));
  assert.equal(outcome.verdict, "OPEN");
  assert.equal(outcome.sentence, "anyone with the URL can download.");
  assert.equal(outcome.code, 1);
  assert.deepEqual(outcome.cases.no_token?.statuses, { GET: 200, HEAD: 200, Range: 206 });
});

test("HAProxy's jwt_verify checks the signature only", async () => {
  const backend = await startNginx(folder, `root ${files};`);
  const rules = `  http-request deny deny_status 401 unless { url_param(token),jwt_verify("RS256","${publicPem}") 1 }`;
  const outcome = await probe(await startHaproxy(folder, rules, backend));
  assert.equal(outcome.verdict, "WEAK");
  assert.match(outcome.sentence, /only the signature is checked/);
  assert.equal(outcome.checks.aftermath, "warning", "its log now holds the probe's tokens without an expiry");
  assert.equal(outcome.code, 1);
  assert.deepEqual(failed(outcome), [
    "expired",
    "no_expiry",
    "year_ahead",
    "wrong_subject",
    "wrong_issuer",
    // A condition is true if any of several values matches.
    "repeated_good_first",
    "repeated_good_last",
    "encoded_name",
  ]);
});

test("a server that checks everything except exp is WEAK", async () => {
  const backend = await startNginx(folder, `root ${files};`);
  const rules = `  http-request deny deny_status 401 unless { url_param(token),jwt_verify("RS256","${publicPem}") 1 }
  http-request deny deny_status 401 unless { url_param(token),jwt_payload_query('$.sub') -m str AppManifest }
  http-request deny deny_status 401 unless { url_param(token),jwt_payload_query('$.iss') -m str JSS }`;
  const outcome = await probe(await startHaproxy(folder, rules, backend));
  assert.equal(outcome.verdict, "WEAK");
  assert.match(outcome.sentence, /expiry is not checked: a link that has worked once works forever/);
  assert.equal(outcome.cases.wrong_subject?.passed, true);
  assert.equal(outcome.cases.expired?.passed, false);
});

/** nginx that asks our guard, except where `exempt` skips it. */
async function nginxWithExemption(exempt: string, passed = "$request_uri"): Promise<string> {
  const auth = await authServer();
  return startNginx(
    folder,
    `root ${files}; error_page 418 = @open;
     location / { ${exempt} auth_request /auth; add_header Cache-Control private; }
     location @open { }
     location = /auth { internal; proxy_pass ${auth}${passed}; proxy_pass_request_body off; proxy_set_header Range ""; }`,
  );
}

test("a server that checks GET but not range requests is OPEN, since ranges add up to the whole file", async () => {
  const outcome = await probe(await nginxWithExemption("if ($http_range) { return 418; }"));
  assert.equal(outcome.verdict, "OPEN");
  assert.equal(outcome.sentence, "anyone with the URL can download, with Range requests.");
  assert.deepEqual(outcome.cases.no_token?.statuses, { GET: 401, HEAD: 401, Range: 206 });
});

test("a server that checks GET but not HEAD reveals which files exist", async () => {
  const outcome = await probe(await nginxWithExemption("if ($request_method = HEAD) { return 418; }"));
  assert.equal(outcome.verdict, "WEAK");
  assert.match(outcome.sentence, /HEAD is not checked/);
  assert.deepEqual(outcome.cases.no_token?.statuses, { GET: 401, HEAD: 200, Range: 401 });
});

test("nginx's $arg_token reads the first of two tokens", async () => {
  const outcome = await probe(await nginxWithExemption("set $first $arg_token;", "/?token=$first"));
  assert.equal(outcome.verdict, "WEAK");
  assert.match(outcome.sentence, /accepts several tokens and uses only one of them/);
  assert.deepEqual(failed(outcome), ["repeated_good_first", "encoded_name"]);
});

test("nginx that passes the whole request to our guard is LOCKED", async () => {
  const outcome = await probe(await nginxWithExemption(""));
  assert.equal(outcome.verdict, "LOCKED", JSON.stringify(outcome));
});

test("Apache that redirects is SHUT, since devices do not follow", async () => {
  const outcome = await probe(await startApache(folder, `Redirect temp / https://elsewhere.example/`));
  assert.equal(outcome.verdict, "SHUT");
  assert.match(outcome.sentence, /redirects even with a valid token/);
  assert.equal(outcome.checks.redirect, "fault");
  // Apache's redirect keeps the query, so the token is in its Location.
  assert.equal(outcome.checks.echo, "fault");
});

test("Apache that redirects unauthenticated clients to a sign-in page is FLAWED", async () => {
  const token = freshToken(key);
  const origin = await startApache(
    folder,
    `DocumentRoot ${files}
RewriteEngine on
RewriteCond %{QUERY_STRING} !^token=${token.replaceAll(".", "\\.")}$
RewriteRule ^ /sign-in.html [R=302,L]`,
  );
  const outcome = await probe(origin, "--token", token);
  assert.equal(outcome.verdict, "FLAWED");
  assert.equal(outcome.checks.redirect, "fault");
});

test("a page with status 200 in place of a refusal is FLAWED: devices treat it as the app", async () => {
  const auth = await authServer();
  const origin = await startNginx(
    folder,
    `root ${files}; error_page 401 =200 /sorry;
     location / { auth_request /auth; add_header Cache-Control private; }
     location = /sorry { default_type text/html; return 200 "<html>Please sign in</html>"; }
     location = /auth { internal; proxy_pass ${auth}$request_uri; proxy_set_header Range ""; }`,
  );
  const outcome = await probe(origin);
  assert.equal(outcome.verdict, "FLAWED");
  assert.match(outcome.sentence, /a page and status 200/);
});

test("a server that refuses the valid token is SHUT", async () => {
  const outcome = await probe(
    await startApache(folder, `DocumentRoot ${files}\n<Location "/">\nRequire all denied\n</Location>`),
  );
  assert.equal(outcome.verdict, "SHUT");
  assert.match(outcome.sentence, /a valid token is refused/);
  assert.equal(outcome.code, 1);
});

test("a server that lets shared caches store the file is FLAWED", async () => {
  const auth = await authServer();
  const origin = await startNginx(
    folder,
    `root ${files};
     location / { auth_request /auth; add_header Cache-Control "public, max-age=3600"; }
     location = /auth { internal; proxy_pass ${auth}$request_uri; proxy_set_header Range ""; }`,
  );
  const outcome = await probe(origin);
  assert.equal(outcome.verdict, "FLAWED");
  assert.equal(outcome.checks.caching, "fault");
});

test("only the beginning of a large file is fetched", async () => {
  const size = 256 * 1024 * 1024;
  const log = join(folder, "bytes.log");
  writeFileSync(join(files, "large.ipa"), Buffer.alloc(size));
  const origin = await startNginx(
    folder,
    `root ${files}; access_log ${log} sent;`,
    "log_format sent '$body_bytes_sent';",
  );
  await runMain(["probe", `${origin}/large.ipa`, "--private-key", privatePem]);
  const sent = readFileSync(log, "utf8").trim().split("\n").map(Number);
  assert.ok(sent.length >= 48, String(sent.length));
  // Most of what nginx counts is in the buffers of the loopback device, which hold megabytes.
  assert.ok(Math.max(...sent) < size / 16, `nginx sent ${Math.max(...sent)} bytes`);
});
