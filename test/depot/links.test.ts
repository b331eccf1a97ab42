import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { before, describe, test } from "node:test";
import { runMain } from "../support/run-main.ts";
import { createClock, depotData, publicUrl, type RunningDepot } from "./running-depot.ts";

describe("links", () => {
  const clock = createClock();
  const depot = depotData(clock);
  let running: RunningDepot;
  before(async () => {
    await depot.publish();
    running = await depot.start();
  });

  const problem = async (path: string): Promise<string> => {
    const { status, headers, body } = await running.request(path);
    assert.equal(headers["content-type"], "application/problem+json");
    assert.equal(headers["cache-control"], "no-store");
    return `${status} ${JSON.parse(body.toString()).detail}`;
  };

  test("a revoked link is refused with the next request, on every depot of the database", async () => {
    const link = await depot.link();
    const second = await depot.start();
    assert.equal((await second.request(link.path)).status, 200);
    await depot.links("revoke", link.id);
    assert.match(await problem(link.path), /^410 This link has been revoked/);
    assert.equal((await second.request(link.path)).status, 410);
    await depot.links("revoke", link.id);
    assert.equal((await running.request(link.path, { method: "HEAD" })).status, 410);
  });

  test("a link expires at exactly its second", async () => {
    const link = await depot.link("--days", "1");
    clock.pass(86_399);
    assert.equal((await running.request(link.path)).status, 200);
    clock.pass(1);
    assert.match(await problem(link.path), /^410 This link has expired/);
  });

  test("HEAD gets the headers, and leaves no receipt", async () => {
    const link = await depot.link();
    const { status, headers, body } = await running.request(link.path, { method: "HEAD" });
    assert.deepEqual([status, headers["content-type"], body.length], [200, "text/xml", 0]);
    const { receipts } = (await depot.links("receipts", link.id)) as { receipts: unknown[] };
    assert.deepEqual(receipts, []);
  });

  test("other methods get 405 with the ones that are allowed", async () => {
    const link = await depot.link();
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      const { status, headers } = await running.request(link.path, { method });
      assert.deepEqual([status, headers.allow], [405, "GET, HEAD"], method);
    }
  });

  test("a malformed link is not found, and the log does not contain it", async () => {
    const { path } = await depot.link();
    const secret = path.split("/")[2] ?? "";
    const paths = [
      `/m/${secret.slice(0, -1)}/manifest.plist`,
      `/m/${secret}0/manifest.plist`,
      `/m/${secret.toUpperCase()}/manifest.plist`,
      `/m/${secret}/manifest.plist/`,
      `/m/${secret}/Manifest.plist`,
      `/m/${secret}`,
      `/M/${secret}/manifest.plist`,
      `//m/${secret}/manifest.plist`,
      `/x/../m/${secret}x/manifest.plist`,
      `/m/%20${secret}/manifest.plist`,
      "/m//manifest.plist",
      "/",
      "/admin",
    ];
    for (const one of paths) assert.match(await problem(one), /^404 /, one);
    await running.request(`/m/%${secret.charCodeAt(0).toString(16)}${secret.slice(1)}/manifest.plist`);
    assert.doesNotMatch(running.log(), new RegExp(secret.slice(1, 20), "i"));
  });

  test("no malformed request ends the server", async () => {
    const targets = [
      "/%",
      "/m/%/manifest.plist",
      "/m/%ff/manifest.plist",
      "//evil:99999/a",
      "http://[/m/x",
      "*",
      "/f/",
      "/f/..",
      "/f/%",
    ];
    for (const target of targets) assert.ok((await running.request(target)).status >= 400, target);
    const { status } = await running.request("/m/x/manifest.plist", { headers: { Host: "a b" } });
    assert.ok(status >= 400);
    assert.equal((await running.request((await depot.link()).path)).status, 200);
  });

  test("link list shows the state of each link", async () => {
    const link = await depot.link("--days", "2");
    await running.request(link.path);
    const { stdout } = await runMain(["link", "list", ...depot.place], { now: clock.now });
    const line = stdout.split("\n").find((one) => one.startsWith(link.id));
    assert.match(line ?? "", /com\.example\.notes +release +iPad +works until \S+ \S+ +used /);
    assert.match(stdout, /revoked \d/);
    assert.match(stdout, /expired \d/);
    assert.match(stdout, /never used/);
  });
});

test("a new link is printed with its manifest for an MDM, its page for a person, and what installs it without the page", async () => {
  const depot = depotData();
  await depot.publish();
  const running = await depot.start();
  const args = ["link", "create", "com.example.notes", "--for", "Ada", "--json", ...depot.place];
  const { url, page, installLink } = JSON.parse((await runMain(args)).stdout);
  assert.equal(installLink, `itms-services://?action=download-manifest&url=${encodeURIComponent(url)}`);
  assert.equal(page, url.replace("/m/", "/i/").replace("/manifest.plist", ""));
  assert.equal((await running.request(page.slice(publicUrl.length))).status, 200);
});

describe("portcullis link", () => {
  const depot = depotData();
  const run = async (...args: string[]) => {
    const { code, stderr } = await runMain(["link", ...args, ...depot.place], { now: depot.clock.now });
    return `${code} ${stderr}`;
  };

  test("a folder without a depot is refused and left unchanged", async () => {
    const { code, stderr } = await runMain(["link", "list", "--data", depot.data]);
    assert.equal(code, 3);
    assert.match(stderr, /^portcullis: there is no depot in /);
    assert.equal(existsSync(depot.data), false);
  });

  test("each mistake gets a message that says what to do", async () => {
    await depot.publish();
    const create = ["create", "com.example.notes", "--public-url", "https://apps.example"];
    assert.match(await run("make"), /^2 .*ACTION must be one of create, list, revoke, receipts/);
    assert.match(await run("create"), /^2 .*specify the bundle identifier/);
    assert.match(await run(...create), /^2 .*--for NAME is missing/);
    assert.match(await run(...create, "--for", " "), /^3 .*1 to 200 characters/);
    assert.match(await run(...create, "--for", "a\nb"), /^3 .*control character/);
    assert.match(await run(...create, "--for", "A", "--channel", "beta"), /^3 .*channel beta\nIts channels: release/);
    assert.match(await run(...create, "--for", "A", "--channel", "../x"), /^3 .*lower-case letters/);
    assert.match(await run(...create, "--for", "A", "--days", "0"), /^2 .*--days/);
    assert.match(await run("create", "com.example.other", "--for", "A"), /^3 .*not been started yet/);
    assert.match(
      await run("create", "com.example.notes", "--for", "A", "--public-url", "http://a.example"),
      /^3 .*https/,
    );
    assert.match(
      await run("create", "com.example.notes", "--for", "A", "--public-url", "https://a.example/x"),
      /^3 .*https/,
    );
    const other = ["create", "com.example.other", "--public-url", "https://apps.example", "--for", "A"];
    assert.match(await run(...other), /^3 .*com\.example\.other has been published\nPublished: com\.example\.notes/);
    assert.match(await run("revoke", "0000000000"), /^3 .*no link with the ID 0000000000/);
    assert.match(await run("receipts", "0000000000"), /^3 .*no link with the ID 0000000000/);
    assert.match(await run("list", "--for", "A"), /^2 .*--for has no effect on link list/);
    assert.match(await run("revoke", "0000000000", "--days", "3"), /^2 .*--days has no effect/);
    assert.match(await run("list", "com.example.other"), /^3 .*com\.example\.other has been published/);
    assert.match(await run("revoke", "0000000000", "--limit", "3"), /^2 .*--limit has no effect on link revoke/);
    assert.match(await run(...create, "--for", "A", "--after", "x"), /^2 .*--after has no effect on link create/);
    assert.match(await run("list", "--limit", "1001"), /^2 .*--limit/);
  });
});
