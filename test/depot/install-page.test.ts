import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { createClock, depotData, publicUrl, type RunningDepot } from "./running-depot.ts";

describe("the page on which a person installs an app", () => {
  const clock = createClock();
  const depot = depotData(clock);
  let running: RunningDepot;
  let secret: string;
  before(async () => {
    await depot.publish({ version: "1.0" });
    running = await depot.start();
    secret = secretOf(await depot.link());
  });

  const secretOf = ({ path }: { readonly path: string }): string => path.split("/")[2] ?? "";
  const page = async (of: string, userAgent?: string) => {
    const headers = userAgent === undefined ? {} : { "User-Agent": userAgent };
    const { status, headers: received, body } = await running.request(`/i/${of}`, { headers });
    return { status, headers: received, text: body.toString() };
  };

  for (const [device, userAgent, button, code] of [
    ["an iPhone", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)", "Install", undefined],
    ["an iPad that says so", "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X)", "Install", undefined],
    [
      "a Mac or an iPad",
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)",
      "Install on this iPad",
      "On a Mac, scan this with",
    ],
    ["another computer", "Mozilla/5.0 (Windows NT 10.0)", undefined, "Scan this with"],
    ["a client without a name", undefined, undefined, "Scan this with"],
    ["a client with a similar name", "iPhones Macintoshes", undefined, "Scan this with"],
  ] as const) {
    test(`shows ${device} ${button === undefined ? "the QR code only" : "the button"}`, async () => {
      const { status, text } = await page(secret, userAgent);
      assert.equal(status, 200);
      assert.equal(/<a class="button" href="itms-services:[^"]*">([^<]*)<\/a>/.exec(text)?.[1], button);
      assert.equal(/<p>([^<]*) the camera of the iPhone or iPad\.<\/p>/.exec(text)?.[1], code);
      assert.equal(text.includes("Then go to the Home Screen"), button !== undefined);
      const manifest = encodeURIComponent(`${publicUrl}/m/${secret}/manifest.plist`);
      assert.equal(text.includes(`url=${manifest}`), button !== undefined);
    });
  }

  test("names the app, its version and its size, and leaves no receipt", async () => {
    const link = await depot.link();
    const { text } = await page(secretOf(link));
    assert.match(text, /^<!doctype html><html lang="en">/);
    assert.match(text, /<title>Install Notes<\/title>.*<h1>Notes<\/h1>.*Version 1\.0[^<]*, \d+(\.\d+)? [kM]?B</s);
    const { receipts } = (await depot.links("receipts", link.id)) as { receipts: unknown[] };
    assert.deepEqual(receipts, []);
  });

  test("says when the app's provisioning profile expires", async () => {
    const shown = async () =>
      /KB<\/p><p class="(hint|warning)">([^<]*)<\/p>/i.exec((await page(secret)).text)?.slice(1);
    assert.equal(await shown(), undefined);
    const profileExpiresAt = clock.now() + 60;
    const day = new Date(profileExpiresAt * 1000).toUTCString().slice(5, 16).replace(/^0/, "");
    await depot.publish({ version: "1.1", profileExpiresAt });
    assert.deepEqual(await shown(), ["hint", `Works until ${day} (provisioning profile)`]);
    clock.pass(60);
    const sentence = `Stopped working on ${day} (provisioning profile). Ask for a new version.`;
    assert.deepEqual(await shown(), ["warning", sentence]);
  });

  test("is not for caches, search engines or frames; its address, which is secret, is not sent anywhere; its files can be cached", async () => {
    for (const of of [secret, "A".repeat(secret.length)]) {
      const { headers } = await page(of);
      assert.equal(headers["cache-control"], "no-store");
      assert.equal(headers["referrer-policy"], "no-referrer");
      assert.equal(headers["x-robots-tag"], "noindex, nofollow");
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["content-type"], "text/html; charset=utf-8");
      assert.equal(
        headers["content-security-policy"],
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
    }
    const { text } = await page(secret);
    const [, style = ""] = /rel="stylesheet" href="([^"]*)"/.exec(text) ?? [];
    const [, logo = ""] = /rel="icon" href="([^"]*)"/.exec(text) ?? [];
    for (const [path, type, caching] of [
      [style, "text/css; charset=utf-8", "public, max-age=31536000, immutable"],
      [logo, "image/svg+xml", "public, max-age=86400"],
    ] as const) {
      const { status, headers } = await running.request(path);
      assert.deepEqual([status, headers["content-type"], headers["cache-control"]], [200, type, caching], path);
    }
  });

  test("says why an app cannot be installed", async () => {
    const revoked = await depot.link();
    await depot.links("revoke", revoked.id);
    const expired = await depot.link("--days", "1");
    clock.pass(86_400);
    const unknown = "There is no such link. Check that you copied the whole link, or ask for a new one.";
    for (const [of, status, sentence] of [
      [secretOf(revoked), 410, "This link has been revoked. Ask for a new one."],
      [secretOf(expired), 410, "This link has expired. Ask for a new one."],
      ["A".repeat(secret.length), 404, unknown],
      ["A", 404, unknown],
    ] as const) {
      const refused = await page(of);
      assert.equal(refused.status, status);
      const [, detail = ""] = /<h1>This app cannot be installed<\/h1><p>([^<]+)<\/p>/.exec(refused.text) ?? [];
      assert.equal(detail, sentence);
      assert.doesNotMatch(refused.text, /itms-services/);
    }
  });

  test("the manifest that it leads to is in no cache either, and its address goes nowhere", async () => {
    const { headers } = await running.request((await depot.link()).path);
    for (const [name, value] of [
      ["cache-control", "no-store"],
      ["referrer-policy", "no-referrer"],
      ["x-content-type-options", "nosniff"],
      ["content-type", "text/xml"],
    ] as const)
      assert.equal(headers[name], value);
  });
});
