import assert from "node:assert/strict";
import { test } from "node:test";
import { createDataKey, type DepotServer, manifestUrl, openDepotServer } from "@portcullis/depot";
import { privateKeyPem } from "../support/private-key.ts";
import { createClock, type DepotData, depotData, publicUrl } from "./running-depot.ts";

const dataKey = createDataKey("7".repeat(64));
const minutes = 60;

async function server(depot: DepotData): Promise<DepotServer> {
  return openDepotServer({ ...depot.options, dataKey, publicUrl, now: depot.clock.now });
}

/** Fetches a manifest; resolves with the status, and the target of its package. */
async function fetchManifest(
  depot: DepotServer,
  secret: string,
): Promise<{ readonly status: number; readonly target: string }> {
  const bindings = { client: "test", address: undefined, report: () => {} };
  const response = await depot.app.fetch(new Request(manifestUrl(publicUrl, secret)), bindings);
  const [, target = ""] = /<string>https:\/\/apps\.example(\/f\/[^<]+)/.exec(await response.text()) ?? [];
  return { status: response.status, target };
}

test("the first start creates a configuration with a key; the next one keeps it", async () => {
  const depot = depotData();
  const first = await server(depot);
  const made = await first.configuration.read();
  assert.deepEqual([made?.displayName, made?.tokenExpiry, made?.enabled], ["Portcullis depot", 30, true]);
  await first.close();
  const second = await server(depot);
  assert.deepEqual(await second.configuration.read(), made);
  await second.close();
});

test("an update changes only the fields it names; an invalid field changes nothing", async () => {
  const depot = await server(depotData());
  const before = await depot.configuration.read();
  const saved = await depot.configuration.save({ tokenExpiry: 5 });
  assert.deepEqual(saved, { ...before, tokenExpiry: 5 });
  for (const change of [{ tokenExpiry: 121 }, { tokenExpiry: 0 }, { displayName: "" }, { encryptionKey: "no key" }]) {
    await assert.rejects(depot.configuration.save({ displayName: "Other", ...change }), { name: /Error/ });
    assert.deepEqual(await depot.configuration.read(), saved);
  }
  await depot.close();
});

test("a replaced key verifies until its last token has expired, and signs nothing; other depots notice", async () => {
  const clock = createClock();
  const data = depotData(clock);
  const [one, other] = [await server(data), await server(data)];
  await data.publish();
  const { secret } = await one.links.create({ item: "com.example.notes", channel: "release", recipient: "iPad" });
  await one.configuration.save({ tokenExpiry: 40 });
  const old = await fetchManifest(other, secret);
  await one.configuration.save({ encryptionKey: privateKeyPem(), tokenExpiry: 5 });
  clock.pass(1);
  const fresh = await fetchManifest(one, secret);

  const allowed = async (depot: DepotServer, target: string) => (await depot.gate.check(target)).allowed;
  for (const depot of [one, other]) {
    assert.equal(await allowed(depot, fresh.target), true, "also where the key was not replaced");
    assert.equal(await allowed(depot, old.target), true);
  }
  assert.equal((await one.configuration.verificationKeys()).length, 2);
  clock.pass(40 * minutes - 2);
  assert.equal((await one.configuration.verificationKeys()).length, 2, "until its last token has expired");
  clock.pass(2);
  assert.equal((await one.configuration.verificationKeys()).length, 1);
  const decision = await one.gate.check(old.target);
  assert.equal(decision.allowed === false && decision.code, "signature_invalid", "its key is gone");
  for (const depot of [one, other]) await depot.close();
});

test("a key that another depot replaced is noticed also after the clock was set back", async () => {
  const clock = createClock();
  const data = depotData(clock);
  const [one, other] = [await server(data), await server(data)];
  await data.publish();
  const { secret } = await one.links.create({ item: "com.example.notes", channel: "release", recipient: "iPad" });
  await one.configuration.save({ encryptionKey: privateKeyPem() });
  clock.pass(-60 * minutes);
  const { target } = await fetchManifest(one, secret);
  assert.equal((await other.gate.check(target)).allowed, true);
  for (const depot of [one, other]) await depot.close();
});

test("a key replaced after the expiry was shortened verifies until its longest token has expired", async () => {
  const clock = createClock();
  const data = depotData(clock);
  const depot = await server(data);
  await data.publish();
  const { secret } = await depot.links.create({ item: "com.example.notes", channel: "release", recipient: "iPad" });
  await depot.configuration.save({ tokenExpiry: 60 });
  const old = await fetchManifest(depot, secret);
  await depot.configuration.save({ tokenExpiry: 1 });
  await depot.configuration.save({ encryptionKey: privateKeyPem() });
  clock.pass(60 * minutes - 1);
  assert.equal((await depot.gate.check(old.target)).allowed, true);
  clock.pass(2);
  assert.equal((await depot.configuration.verificationKeys()).length, 1);
  await depot.close();
});

test("while it is disabled or removed, links get 503 and no token", async () => {
  const data = depotData();
  const depot = await server(data);
  await data.publish();
  const { secret } = await depot.links.create({ item: "com.example.notes", channel: "release", recipient: "iPad" });
  await depot.configuration.save({ enabled: false });
  assert.deepEqual(await fetchManifest(depot, secret), { status: 503, target: "" });
  await depot.configuration.save({ enabled: true });
  assert.equal((await fetchManifest(depot, secret)).status, 200);
  await depot.configuration.remove();
  assert.deepEqual(await fetchManifest(depot, secret), { status: 503, target: "" });
  await assert.rejects(depot.configuration.remove(), { code: "configuration_missing" });
  await depot.close();
  const again = await server(data);
  assert.equal(
    await again.configuration.read(),
    undefined,
    "a removed configuration does not come back with a restart",
  );
  await again.close();
});
