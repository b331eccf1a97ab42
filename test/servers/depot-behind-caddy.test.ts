import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { test } from "node:test";
import { depotData } from "../depot/running-depot.ts";
import { writeSampleApp } from "../depot/sample-app.ts";
import { freePort } from "../support/free-port.ts";
import { startPortcullis } from "../support/portcullis-process.ts";
import { startServer } from "../support/real-server.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeTlsFiles } from "../support/tls-files.ts";

const password = "correct horse battery";
const base = temporaryFolder();
const tls = writeTlsFiles(base);
const ca = readFileSync(tls.cert);
const log = join(base, "caddy.log");
const [port, adminPort] = [await freePort(), await freePort()];
const [publicUrl, adminUrl] = [`https://localhost:${port}`, `https://localhost:${adminPort}`];

const data = depotData();
const app = await data.publish();
const depot = startPortcullis([
  ...["depot", ...data.place, "--host", "127.0.0.1", "--port", "0", "--admin", "127.0.0.1:0"],
  ...["--public-url", publicUrl, "--admin-url", adminUrl, "--trust-proxy"],
]);
const portIn = async (line: RegExp): Promise<number> => {
  const { msg = "" } = await depot.line(({ msg = "" }) => line.test(msg));
  return Number(line.exec(msg)?.[1]);
};
const depotPort = await portIn(/^depot .* on http:\/\/127\.0\.0\.1:(\d+)$/);
const depotAdminPort = await portIn(/^administration: http:\/\/127\.0\.0\.1:(\d+)$/);

// The published example, with the addresses and the certificate of this test; both sites log, as users might have it.
const caddyfile = readFileSync("examples/depot/Caddyfile", "utf8")
  .replace("apps.example {", `${publicUrl} {\n\tlog\n\ttls ${tls.cert} ${tls.key}`)
  .replace("depot-admin.example {", `${adminUrl} {\n\tlog\n\ttls ${tls.cert} ${tls.key}`)
  .replace("127.0.0.1:8443", `127.0.0.1:${depotPort}`)
  .replace("127.0.0.1:9443", `127.0.0.1:${depotAdminPort}`)
  .replace("log default {", `admin off\n\tauto_https off\n\tlog default {\n\t\toutput file ${log}`);
writeFileSync(join(base, "Caddyfile"), caddyfile);
const config = ["run", "--config", join(base, "Caddyfile"), "--adapter", "caddyfile"];
const caddy = await startServer("caddy", config, port, { HOME: base, XDG_DATA_HOME: base, XDG_CONFIG_HOME: base });

async function send(url: string, headers: Readonly<Record<string, string>> = {}, method = "GET", body?: string) {
  const outgoing = httpsRequest(url, { ca, agent: false, method, headers }).end(body);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) };
}
const packageUrl = async (manifestUrl: string, headers: Readonly<Record<string, string>> = {}): Promise<string> => {
  const { body } = await send(manifestUrl, headers);
  return (/<string>(https:[^<]+\.ipa[^<]+)</.exec(body.toString())?.[1] ?? "").replaceAll("&amp;", "&");
};
const link = async (): Promise<{ readonly id: string; readonly url: string }> => {
  const args = ["link", "create", "com.example.notes", "--for", "iPad", "--json"];
  return JSON.parse((await runMain([...args, ...data.place])).stdout);
};

test("a device gets the manifest and the app through Caddy, and resumes; the receipt has its address", async () => {
  const { id, url } = await link();
  assert.ok(url.startsWith(`${publicUrl}/m/`));
  const forged = { "X-Forwarded-For": "192.0.2.1" };
  assert.equal((await send(url, forged)).headers["cache-control"], "no-store");
  const target = await packageUrl(url, forged);
  const head = await send(target, forged, "HEAD");
  assert.deepEqual([head.status, head.headers["content-length"]], [200, String(app.length)]);
  const resume = { Range: "bytes=1000-", "If-Range": String(head.headers.etag) };
  const rest = await send(target, resume);
  assert.deepEqual([rest.status, rest.body.equals(app.subarray(1000))], [206, true]);
  assert.ok((await send(target)).body.equals(app));
  assert.equal((await send(target.replace(/token=.*/, ""))).status, 401);
  assert.equal((await send(url.replace(/\/m\/.*/, "/items"))).status, 404, "no administration pages");
  const { receipts } = (await data.links("receipts", id)) as { receipts: { address: string; headAt?: number }[] };
  assert.ok(receipts.some(({ headAt }) => headAt !== undefined));
  for (const { address } of receipts) assert.match(address, /^(?:127\.0\.0\.1|::1)$/, "not the forged one");
});

test("the administrator signs in through Caddy, and a job publishes an app of many parts", async () => {
  const { msg = "" } = await depot.line(({ msg = "" }) => msg.includes("/setup/"));
  const [setup = ""] = /https:\S+/.exec(msg) ?? [];
  assert.ok(setup.startsWith(`${adminUrl}/setup/`));
  const form = { "Content-Type": "application/x-www-form-urlencoded", Origin: adminUrl };
  const set = await send(setup, form, "POST", new URLSearchParams({ password, repeated: password }).toString());
  assert.equal(set.status, 303);
  const cookie = String(set.headers["set-cookie"]?.[0]);
  assert.match(cookie, /^__Host-portcullis_session=.*; Secure/);
  const page = await send(`${adminUrl}/items`, { Cookie: cookie.split(";", 1)[0] ?? "" });
  assert.match(page.body.toString(), /com\.example\.notes/);

  const token = (await runMain(["api-token", "create", "CI", ...data.place])).stdout.trim();
  const file = writeSampleApp(join(base, "Large.ipa"), { version: "2.0", size: 40 * 1024 ** 2 });
  const env = { PORTCULLIS_API_TOKEN: token, NODE_EXTRA_CA_CERTS: tls.cert };
  const publishing = startPortcullis(["publish", file, "--to", adminUrl, "--for", "Build 42", "--json"], env);
  let printed = "";
  publishing.child.stdout.on("data", (text) => {
    printed += text;
  });
  assert.equal(await publishing.ended, 0, publishing.stderr());
  const { body } = await send(await packageUrl(JSON.parse(printed).link.url));
  assert.ok(body.equals(readFileSync(file)));
});

test("Caddy's log has neither links nor tokens, nor has its log of errors", async () => {
  const { url } = await link();
  const target = await packageUrl(url);
  await send(target);
  await depot.end();
  assert.equal((await send(url)).status, 502);
  assert.equal((await send(target)).status, 502);
  caddy.kill("SIGTERM");
  await once(caddy, "exit");
  assert.ok(existsSync(log));
  const text = readFileSync(log, "utf8");
  assert.match(text, /"logger":"http\.log\.access.*"status":200/);
  assert.match(text, /"logger":"http\.log\.error/);
  const secret = url.split("/")[4] ?? "";
  for (const hidden of [secret, target.split("token=")[1]?.slice(-40) ?? "", "/setup/"]) {
    assert.ok(hidden.length > 6);
    assert.ok(!text.includes(hidden), hidden);
  }
});
