import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { folder, serveFrom } from "@portcullis/origin/node";
import { startPortcullis } from "../support/portcullis-process.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeTlsFiles } from "../support/tls-files.ts";
import { depotData } from "./running-depot.ts";
import { writeSampleApp } from "./sample-app.ts";

const app = "com.example.notes";

// The web server is `serve` with the depot's public keys, and a certificate that only the depot's commands trust.
const depot = depotData();
const base = temporaryFolder();
const www = join(base, "www");
mkdirSync(www);
writeSampleApp(join(www, "Notes.ipa"));
const tls = writeTlsFiles(base);
await depot.publish({ identifier: "com.example.other" });
const running = await depot.start();
const publicKeys = join(base, "depot.json");
writeFileSync(publicKeys, (await runMain(["configuration", "public-keys", ...depot.place])).stdout);
const listen = ["--host", "127.0.0.1", "--port", "0", "--tls-cert", tls.cert, "--tls-key", tls.key];
const server = startPortcullis(["serve", www, "--key", publicKeys, "--path-bound", ...listen]);
const url = `https://localhost:${await server.port()}/Notes.ipa`;

describe("a file on a web server that checks the depot's tokens", () => {
  let path: string;

  /** A process of its own: only at its start does Node.js read which certificates to trust. */
  async function run(...args: string[]): Promise<string> {
    const command = startPortcullis([...args, ...depot.place], { NODE_EXTRA_CA_CERTS: tls.cert });
    let output = "";
    command.child.stdout.on("data", (text) => {
      output += text;
    });
    const code = await command.ended;
    return code === 0 ? output : `${code} ${command.stderr()}${output}`;
  }

  test("is published by its URL: read once with a token, described, and not copied", async () => {
    const files = readdirSync(join(depot.data, "files"));
    const output = await run("publish", url, "--json");
    assert.match(output, /^\{/);
    const published = JSON.parse(output);
    assert.equal(published.bundleIdentifier, app);
    assert.equal(published.hosting, "web-server");
    assert.equal(published.size, readFileSync(join(www, "Notes.ipa")).length);
    assert.deepEqual(readdirSync(join(depot.data, "files")), files);
    assert.deepEqual(readdirSync(join(depot.data, "incoming")), []);
    path = (await depot.link()).path;
  });

  test("is in the manifest with a token that opens it, and nothing else there", async () => {
    const { body } = await running.request(path);
    const [, link = ""] = /<string>(https:\/\/localhost[^<]+)<\/string>/.exec(body.toString()) ?? [];
    assert.ok(link.startsWith(`${url}?token=`), link);
    const { stdout } = await runMain([
      "inspect",
      link.replaceAll("&amp;", "&"),
      "--json",
      "--path-bound",
      "--key",
      publicKeys,
    ]);
    assert.equal(JSON.parse(stdout).allowed, true, stdout);
    const other = link.replace("/Notes.ipa", "/Other.ipa");
    const refused = await runMain(["inspect", other, "--json", "--path-bound", "--key", publicKeys]);
    assert.match(JSON.parse(refused.stdout).verdict, /path_mismatch/);
  });

  test("cannot be downloaded from the depot", async () => {
    const { stdout } = await runMain(["item", "versions", app, ...depot.place, "--json"]);
    const [{ sha256 }] = JSON.parse(stdout).versions;
    assert.equal((await running.request(`/f/${sha256}/Notes.ipa`)).status, 401);
  });

  test("is checked where it is; one that was replaced is reported", async () => {
    assert.match(await run("item", "check", app), /^ID +HOSTING +STATE\n\S+ +web-server +ok\n$/);
    const original = readFileSync(join(www, "Notes.ipa"));
    writeSampleApp(join(www, "Notes.ipa"), { version: "2.0", size: 1000 });
    assert.match(await run("item", "check", app), /^1 .*web-server +the file was replaced since it was published/s);
    writeFileSync(join(www, "Notes.ipa"), original);
  });

  test("can be moved into the depot and back, if it is the same file", async () => {
    copyFileSync(join(www, "Notes.ipa"), join(www, "copy.ipa"));
    // Its bytes are the same again, but the web server says that it was changed.
    assert.match(await run("item", "host", app, "--hosting", "database"), /^3 .*replaced since it was published/);
    writeSampleApp(join(www, "different.ipa"), { size: 1000 });
    const different = await run("item", "host", app, "--url", url.replace("Notes", "different"));
    assert.match(different, /^3 .*the file there is not the one that was published/);
    const copy = url.replace("Notes", "copy");
    assert.equal(await run("item", "host", app, "--url", copy), `${app}: 1 file was moved to ${copy}\n`);
    assert.match(await run("item", "check", app), /web-server +ok/);
    assert.match(await run("item", "host", app, "--hosting", "database"), /1 file was moved to database/);
    const target = await running.packageTarget(path);
    assert.ok((await running.request(target)).body.equals(readFileSync(join(www, "copy.ipa"))));
    assert.match(await run("item", "host", app, "--url", copy), /1 file was moved to https:/);
  });

  test("is reported by a check if everybody gets it, since its tokens are of no use then", async () => {
    const everybody = createServer(
      { cert: readFileSync(tls.cert), key: readFileSync(tls.key) },
      serveFrom(folder(www)),
    );
    await new Promise<void>((resolve) => everybody.listen(0, "127.0.0.1", resolve));
    const open = `https://localhost:${(everybody.address() as AddressInfo).port}/copy.ipa`;
    try {
      assert.match(await run("item", "host", app, "--url", open), /1 file was moved/);
      assert.match(await run("item", "check", app), /^1 .*web-server +the web server gives the file to everybody/s);
    } finally {
      everybody.close();
      everybody.closeAllConnections();
    }
    assert.match(await run("item", "check", app), /^1 .*cannot be reached/s);
  });

  test("must be on https, named plainly, and there", async () => {
    for (const [name, problem] of [
      [url.replace("https:", "http:"), /begins with https:\/\//],
      [`${url}?x=1`, /no user name, query or fragment/],
      [url.replace("//", "//user:secret@"), /no user name, query or fragment/],
      [url.replace("Notes", "No%20tes"), /cannot name a file/],
      [url.replace("Notes", "missing"), /cannot be read: there is no such file/],
    ] as const) {
      const output = await run("publish", name);
      assert.match(output, /^3 /, name);
      assert.match(output, problem, name);
      assert.doesNotMatch(output, /secret/);
    }
  });

  test("options that have no effect on it are refused", async () => {
    for (const [args, problem] of [
      [["publish", url, "--hosting", "database"], /--hosting has no effect on a file on a web server/],
      [["publish", url, "--to", "https://admin.example"], /Pass --data instead of --to/],
      [["publish", "App.ipa", "--data-key-file", "x"], /--data-key-file has no effect without the URL/],
      [["item", "host", app], /pass either --hosting or --url/],
      [["item", "host", app, "--hosting", "database", "--url", url], /pass either --hosting or --url/],
      [["item", "list", "--url", url], /--url has no effect on item list/],
    ] as const) {
      const { code, stderr } = await runMain([...args, ...depot.place]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, problem);
    }
  });
});
