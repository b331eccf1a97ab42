import assert from "node:assert/strict";
import { test } from "node:test";
import { lintManifest } from "@portcullis/issuer";
import { createClock, depotData } from "./running-depot.ts";

const day = 86_400;

interface Receipts {
  readonly receipts: readonly {
    readonly headAt?: number;
    readonly getAt?: number;
    readonly bytes: number;
    readonly size: number;
    readonly completedAt?: number;
    readonly bundleVersion: string;
  }[];
}

test("a link leads to a manifest, HEAD, an interrupted and resumed download, and a receipt; a day later it still works", async () => {
  const clock = createClock();
  const depot = depotData(clock);
  const app = await depot.publish();
  const link = await depot.link("--days", "400");
  const running = await depot.start();

  // The manifest
  const manifest = await running.request(link.path);
  assert.equal(manifest.status, 200);
  assert.equal(manifest.headers["content-type"], "text/xml");
  assert.equal(manifest.headers["cache-control"], "no-store");
  assert.deepEqual(lintManifest(manifest.body, { expectTokens: true }), { valid: true, errors: [], warnings: [] });
  const target = await running.packageTarget(link.path);

  // HEAD, then half of a GET
  const head = await running.request(target, { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(head.headers["content-length"], String(app.length));
  const half = Math.floor(app.length / 2);
  const first = await running.request(target, { headers: { Range: `bytes=0-${half - 1}` } });
  assert.equal(first.status, 206);

  // Later, but before the token expires: the rest, with the same URL
  clock.pass(29 * 60);
  const etag = head.headers.etag ?? "";
  const rest = await running.request(target, { headers: { Range: `bytes=${half}-`, "If-Range": etag } });
  assert.equal(rest.status, 206);
  assert.ok(Buffer.concat([first.body, rest.body]).equals(app));

  // After the token has expired
  clock.pass(3 * 60);
  assert.equal((await running.request(target)).status, 401);

  // A day later the same link gives a token that works
  clock.pass(day);
  await depot.publish({ version: "1.1" });
  const fresh = await running.packageTarget(link.path);
  assert.notEqual(fresh, target);
  const whole = await running.request(fresh);
  assert.equal(whole.status, 200);

  await running.end();
  const { receipts } = (await depot.links("receipts", link.id)) as Receipts;
  const [latest, , early] = receipts;
  assert.equal(receipts.length, 3);
  assert.equal(latest?.bundleVersion, "1.1");
  assert.ok(latest?.completedAt);
  assert.equal(latest?.headAt, undefined);
  // The manifest that was fetched second led to the downloads above; the one before it to nothing.
  const used = receipts.find(({ headAt }) => headAt !== undefined);
  assert.deepEqual([used?.bytes, used?.size], [app.length, app.length]);
  assert.ok(used?.completedAt && used.getAt && used.completedAt > used.getAt);
  assert.equal(early?.bundleVersion, "1.0");
});

test("two manifests made in the same second have different tokens, so each has its own receipt", async () => {
  const depot = depotData();
  await depot.publish();
  const [one, other] = [await depot.link(), await depot.link()];
  const running = await depot.start();
  const first = await running.packageTarget(one.path);
  const second = await running.packageTarget(other.path);
  assert.notEqual(first, second);
  await running.request(second);
  await running.end();
  const of = async (id: string) =>
    ((await depot.links("receipts", id)) as Receipts).receipts.map(({ bytes }) => bytes > 0);
  assert.deepEqual([await of(one.id), await of(other.id)], [[false], [true]]);
});

test("a device that fetched its manifest before a new version was published downloads the old version", async () => {
  const depot = depotData();
  const before = await depot.publish();
  const link = await depot.link();
  const running = await depot.start();
  const target = await running.packageTarget(link.path);
  await depot.publish({ version: "2.0" });
  const { body } = await running.request(target);
  assert.ok(body.equals(before));
});

test("a version on another channel is not served by the links of this one", async () => {
  const depot = depotData();
  await depot.publish();
  await depot.publish({ version: "2.0" }, "--channel", "beta");
  const [release, beta] = [await depot.link(), await depot.link("--channel", "beta")];
  const running = await depot.start();
  const version = async (path: string) =>
    /<key>bundle-version<\/key>\s*<string>([^<]+)/.exec((await running.request(path)).body.toString())?.[1];
  assert.deepEqual([await version(release.path), await version(beta.path)], ["1.0", "2.0"]);
});

test("the status listener says that it is ready, and counts manifests and decisions", async () => {
  const depot = depotData();
  await depot.publish();
  const link = await depot.link();
  const running = await depot.start();
  await running.request(await running.packageTarget(link.path));
  await running.request("/m/0000/manifest.plist");
  const status = async (path: string) => await (await fetch(`http://127.0.0.1:${running.statusPort}${path}`)).text();
  assert.equal(await status("/readyz"), "ready\n");
  const metrics = await status("/metrics");
  assert.match(metrics, /portcullis_manifests_total\{code="allowed"\} 1\n/);
  assert.match(metrics, /portcullis_manifests_total\{code="link_unknown"\} 1\n/);
  assert.match(metrics, /portcullis_decisions_total\{code="allowed"\} 1\n/, "manifests are not decisions");
});
