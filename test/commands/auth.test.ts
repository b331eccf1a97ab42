import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { fingerprintToken, type Gate } from "@portcullis/core";
import { createAuthorizationListener } from "../../packages/cli/src/commands/auth/authorization-listener.ts";
import type { Log } from "../../packages/cli/src/decision-log/create-log.ts";
import { freePort } from "../support/free-port.ts";
import { freshToken } from "../support/link.ts";
import { startPortcullis } from "../support/portcullis-process.ts";
import { type RawRequest, rawRequest } from "../support/raw-request.ts";
import { runMain } from "../support/run-main.ts";
import { signingKey, signToken } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const base = temporaryFolder();
const key = signingKey();
writeFileSync(join(base, "public.pem"), key.publicPem);
const keyArgs = ["--key", join(base, "public.pem")];
const started = (...more: string[]) => startPortcullis(["auth", ...keyArgs, "--port", "0", ...more]);

const portcullis = started("--for", "nginx");
const port = await portcullis.port();

const ask = (uri: string, request: RawRequest = {}) =>
  rawRequest(port, "/auth", { ...request, headers: { "X-Original-URI": uri, ...request.headers } });

async function stillResponds(): Promise<void> {
  assert.equal((await ask(`/app.ipa?token=${freshToken(key)}`)).status, 204);
}

test("a valid link gets 204, no body, and the token's fingerprint to log", async () => {
  const token = freshToken(key);
  const { status, headers, body } = await ask(`/app.ipa?token=${token}`);
  assert.equal(status, 204);
  assert.equal(body.length, 0);
  assert.equal(headers["x-portcullis-code"], "allowed");
  assert.equal(headers["x-portcullis-token"], await fingerprintToken(token));
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(headers.etag, undefined);
});

const refusals: [code: string, status: number, uri: () => string][] = [
  ["token_missing", 401, () => "/app.ipa"],
  ["token_expired", 401, () => `/app.ipa?token=${freshToken(key, -600)}`],
  ["signature_invalid", 401, () => `/app.ipa?token=${freshToken(signingKey())}`],
  ["subject_mismatch", 401, () => `/app.ipa?token=${freshToken(key, 60, "Other")}`],
  ["algorithm_not_allowed", 401, () => `/app.ipa?token=${signToken(key, {}, { alg: "none" })}`],
  ["token_malformed", 401, () => "/app.ipa?token=x"],
  ["token_repeated", 403, () => `/app.ipa?token=${freshToken(key)}&token=${freshToken(key)}`],
  ["token_repeated", 403, () => `/app.ipa?token=${freshToken(key)}&%74oken=x`],
  ["token_too_long", 403, () => `/app.ipa?token=${"x".repeat(5000)}`],
];
for (const [code, expected, uri] of refusals) {
  test(`${code} gets ${expected}, the code in a header and no token anywhere`, async () => {
    const { status, headers, body } = await ask(uri());
    assert.equal(status, expected);
    assert.equal(headers["x-portcullis-code"], code);
    assert.equal(headers["content-type"], "application/problem+json");
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["www-authenticate"] === undefined, expected === 403);
    assert.equal(JSON.parse(body.toString()).status, expected);
    assert.equal(/eyJ/.test(JSON.stringify(headers) + body), false);
    await stillResponds();
  });
}

test("without the trusted header, with two of them, or on another path, the status is 403, whatever else is sent", async () => {
  const uri = `/app.ipa?token=${freshToken(key)}`;
  const cases: [string, string, [string, string][]][] = [
    ["uri_header_missing", "/auth", []],
    ["uri_header_missing", "/auth", [["X-Original-URI", ""]]],
    ["uri_header_missing", `/auth?token=${freshToken(key)}`, [["X-Forwarded-Uri", uri]]],
    ["uri_header_missing", "/auth", [["X-Original-URL", uri]]],
    [
      "uri_header_repeated",
      "/auth",
      [
        ["X-Original-URI", uri],
        ["x-original-uri", uri],
      ],
    ],
    ["auth_path_unknown", "/", [["X-Original-URI", uri]]],
    ["auth_path_unknown", "/auth/", [["X-Original-URI", uri]]],
    ["auth_path_unknown", "/healthz", [["X-Original-URI", uri]]],
    ["auth_path_unknown", "//auth", [["X-Original-URI", uri]]],
  ];
  for (const [code, target, headers] of cases) {
    const { status, headers: received } = await rawRequest(port, target, { headers });
    assert.equal(status, 403);
    assert.equal(received["x-portcullis-code"], code);
    await stillResponds();
  }
  await portcullis.line(({ msg }) => /the request is not for \/auth/.test(msg ?? ""));
  const told = portcullis.log.filter(({ msg }) => /sent no x-original-uri header/.test(msg ?? ""));
  assert.deepEqual(
    told.map(({ level }) => level),
    ["error"],
    "once, so that nobody can flood the log",
  );
});

test("an unexpected failure gives 403, even with --report-only", async () => {
  const errors: string[] = [];
  const gate = { tokenParameter: "token", check: () => Promise.reject(new Error("broken")) } as unknown as Gate;
  const log = { error: (text: string) => errors.push(text) } as unknown as Log;
  const options = { gate, log, source: { requestTarget: true } as const, now: () => 0, finished: () => {} };
  const server = createServer(createAuthorizationListener({ ...options, reportOnly: true })).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { status, headers } = await rawRequest((server.address() as AddressInfo).port, "/app.ipa");
  server.close();
  assert.deepEqual([status, headers["cache-control"]], [403, "no-store"]);
  assert.deepEqual(errors, ["a request could not be checked: broken"]);
});

test("every method, range, condition and expectation gets the same response: never 206, 304 or an ETag", async () => {
  const uri = `/app.ipa?token=${freshToken(key)}`;
  const headers = { Range: "bytes=0-0", "If-None-Match": "*", "If-Modified-Since": new Date().toUTCString() };
  for (const expectation of ["100-continue", "something-else"]) {
    assert.equal((await ask(uri, { headers: { Expect: expectation } })).status, 204, expectation);
    assert.equal((await ask("/app.ipa", { headers: { Expect: expectation } })).status, 401, expectation);
  }
  for (const method of ["GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE", "PROPFIND"]) {
    assert.equal((await ask(uri, { method, headers })).status, 204, method);
    assert.equal((await ask("/app.ipa", { method, headers })).status, 401, method);
  }
});

test("the response does not wait for the request's body", async () => {
  const headers = { "Content-Length": "1000000", "X-Original-URI": `/?token=${freshToken(key)}` };
  const { status } = await rawRequest(port, "/auth", { method: "POST", headers, body: "only this" });
  assert.equal(status, 204);
});

test("each decision is one log line without the token", async () => {
  const token = freshToken(key, 200);
  const headers = { "User-Agent": "dmd/67 CFNetwork/1", "X-Original-Method": "HEAD" };
  await ask(`/logged.ipa?token=${token}&a=b`, { headers });
  const line = await portcullis.line(({ path }) => path === "/logged.ipa");
  assert.equal(line.event, "authorization");
  assert.equal(line.method, "HEAD");
  assert.equal(line.status, 204);
  assert.equal(line.code, "allowed");
  assert.equal(line.client, "ios-device-management");
  assert.equal(JSON.stringify(portcullis.log).includes(token.split(".")[2] ?? "?"), false);
});

test("for each proxy exactly one header is trusted; Envoy sends the path itself", async () => {
  const uri = `/app.ipa?token=${freshToken(key)}`;
  const headerOf = { caddy: "X-Forwarded-Uri", traefik: "X-Forwarded-Uri", haproxy: "X-Original-URI" };
  for (const [proxy, trusted] of Object.entries(headerOf)) {
    const port = await started("--for", proxy).port();
    for (const header of ["X-Forwarded-Uri", "X-Original-URI", "X-Original-URL", "X-Envoy-Original-Path"]) {
      const { status } = await rawRequest(port, "/auth", { headers: { [header]: uri } });
      assert.equal(status, header === trusted ? 204 : 403, `${proxy} ${header}`);
    }
  }
  const envoy = await started("--for", "envoy").port();
  assert.equal((await rawRequest(envoy, uri)).status, 204);
  assert.equal((await rawRequest(envoy, "/auth", { headers: { "X-Original-URI": uri } })).status, 401);
  const own = await started("--uri-header", "X-My-Uri").port();
  assert.equal((await rawRequest(own, "/auth", { headers: { "X-My-Uri": uri } })).status, 204);
});

test("it does not start unless it knows which header to trust", async () => {
  const neither = await runMain(["auth", ...keyArgs]);
  assert.equal(neither.code, 2);
  assert.match(neither.stderr, /specify the proxy with --for/);
  const both = await runMain(["auth", ...keyArgs, "--for", "nginx", "--uri-header", "X"]);
  assert.equal(both.code, 2);
  const odd = await runMain(["auth", ...keyArgs, "--uri-header", "X: y"]);
  assert.match(odd.stderr, /letters, digits and dashes/);
});

test("it listens on loopback by default", async () => {
  const { msg } = await portcullis.line(({ msg }) => / on http/.test(msg ?? ""));
  assert.match(msg ?? "", / on http:\/\/127\.0\.0\.1:/);
});

test("until a key has been loaded, the status is 403 keys_unavailable, and never 503", async () => {
  const nobody = await freePort();
  const args = ["auth", "--for", "nginx", "--key", `http://127.0.0.1:${nobody}/jwks.json`, "--port", "0"];
  const port = await startPortcullis(args).port();
  const headers = { "X-Original-URI": `/app.ipa?token=${freshToken(key)}` };
  const { status, headers: received } = await rawRequest(port, "/auth", { headers });
  assert.deepEqual([status, received["x-portcullis-code"]], [403, "keys_unavailable"]);
});

test("with --report-only the status is always 204, and a header reports the refusal", async () => {
  const portcullis = started("--for", "nginx", "--report-only");
  const port = await portcullis.port();
  const { msg } = await portcullis.line(({ msg }) => msg?.startsWith("REPORT ONLY") === true);
  assert.match(
    msg ?? "",
    /without the header x-original-uri, or for a path other than \/auth, is still refused with 403$/,
  );
  const { status, headers } = await rawRequest(port, "/auth", { headers: { "X-Original-URI": "/app.ipa" } });
  assert.deepEqual([status, headers["x-portcullis-code"]], [204, "token_missing"]);
  assert.equal((await portcullis.line(({ code }) => code === "token_missing")).reportOnly, true);
  await rawRequest(port, "/auth", { headers: { "X-Original-URI": `/app.ipa?token=${freshToken(key)}` } });
  assert.equal((await portcullis.line(({ code }) => code === "allowed")).reportOnly, undefined);
  assert.equal(
    (await rawRequest(port, "/auth")).status,
    403,
    "a proxy that is not set up does not let requests through",
  );
});

test("listening beyond this computer produces a warning, and listening on loopback does not", async () => {
  const isWarning = ({ msg }: { readonly msg?: string }) => msg?.startsWith("other computers can reach this") === true;
  const open = started("--for", "nginx", "--host", "0.0.0.0");
  assert.equal((await open.line(isWarning)).level, "warn");
  assert.equal(portcullis.log.some(isWarning), false);
});

test("with --path-bound the path is that of the URL that the proxy's client requested", async () => {
  const exp = Math.floor(Date.now() / 1000) + 200;
  const own = signToken(key, { sub: "AppManifest", iss: "JSS", exp, aud: "/f/a" });
  const boundPort = await started("--for", "nginx", "--path-bound").port();
  const codeOf = async (uri: string, token = own) => {
    const headers = { "X-Original-URI": `${uri}?token=${token}` };
    return (await rawRequest(boundPort, "/auth", { headers })).headers["x-portcullis-code"];
  };
  assert.equal(await codeOf("/f/a"), "allowed");
  for (const uri of ["/auth", "/f/a/", "/F/a", "/f/a%2e", "/f%2fa", "//f/a", "/f/./a", "/g/../f/a", "http://h/f/b"])
    assert.equal(await codeOf(uri), "path_mismatch", uri);
  assert.equal(await codeOf("/f/a", freshToken(key)), "path_mismatch");

  const envoy = await started("--for", "envoy", "--path-bound").port();
  assert.equal((await rawRequest(envoy, `/f/a?token=${own}`)).status, 204);
  assert.equal((await rawRequest(envoy, `/f/b?token=${own}`)).status, 401);
});
