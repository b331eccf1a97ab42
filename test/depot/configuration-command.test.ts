import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { privateKeyPem } from "../support/private-key.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createClock, depotData, type RunningDepot } from "./running-depot.ts";

describe("portcullis configuration", () => {
  const clock = createClock();
  const depot = depotData(clock);
  let running: RunningDepot;
  let path: string;
  before(async () => {
    await depot.publish();
    running = await depot.start();
    path = (await depot.link()).path;
  });

  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runMain(["configuration", ...args, ...depot.place], { now: clock.now });
    return code === 0 ? stdout : `${code} ${stderr}`;
  };
  const read = async () => JSON.parse(await run("show", "--json"));

  test("show prints all fields but the key, of which it prints the thumbprint", async () => {
    const { keyId, ...others } = await read();
    assert.deepEqual(others, { id: 1, displayName: "Portcullis depot", tokenExpiry: 30, enabled: true });
    const lines = [
      /^Display name +Portcullis depot$/,
      /^Token expiry +30m$/,
      /^Enabled +yes$/,
      new RegExp(`^Key +${keyId}$`),
    ];
    const printed = (await run("show")).trimEnd().split("\n");
    for (const [index, line] of lines.entries()) assert.match(printed[index] ?? "", line);
    assert.equal(printed.length, lines.length);
  });

  test("a new key signs immediately; the running depot accepts the old one's tokens until the last has expired", async () => {
    const { keyId } = await read();
    const old = await running.packageTarget(path);
    const changed = JSON.parse(await run("change", "--new-key", "--json"));
    assert.notEqual(changed.keyId, keyId);
    clock.pass(2);
    const fresh = await running.packageTarget(path);
    for (const target of [old, fresh]) assert.equal((await running.request(target)).status, 200);
    clock.pass(30 * 60 - 3);
    assert.equal((await running.request(old)).status, 200);
    clock.pass(600);
    const { status, body } = await running.request(old);
    assert.match(`${status} ${body}`, /^401 .*signature_invalid/s, "its key is gone");
    assert.equal((await running.request(await running.packageTarget(path))).status, 200);
  });

  test("old keys that are revoked are refused by a running depot within a second, the one that was just replaced too", async () => {
    const first = await running.packageTarget(path);
    await run("change", "--new-key");
    clock.pass(2);
    const second = await running.packageTarget(path);
    for (const target of [first, second]) assert.equal((await running.request(target)).status, 200);
    await run("change", "--new-key", "--revoke-old-keys");
    clock.pass(1);
    for (const target of [first, second]) {
      const { status, body } = await running.request(target);
      assert.match(`${status} ${body}`, /^401 .*signature_invalid/s);
      const { headers } = await running.request(await running.packageTarget(path), { method: "HEAD" });
      const resume = { Range: "bytes=100-", "If-Range": String(headers.etag) };
      assert.equal((await running.request(target, { headers: resume })).status, 401, "nor to resume a download");
    }
    assert.equal((await running.request(await running.packageTarget(path))).status, 200);
  });

  test("old keys can be revoked after the key was replaced, and the key that signs stays", async () => {
    const old = await running.packageTarget(path);
    await run("change", "--new-key");
    clock.pass(2);
    const fresh = await running.packageTarget(path);
    await run("change", "--revoke-old-keys");
    clock.pass(1);
    assert.deepEqual([(await running.request(old)).status, (await running.request(fresh)).status], [401, 200]);
  });

  test("a key from a file, a name and an expiry are accepted; omitted fields are unchanged", async () => {
    const file = join(temporaryFolder(), "key.pem");
    writeFileSync(file, privateKeyPem());
    const changed = JSON.parse(
      await run("change", "--encryption-key", file, "--token-expiry", "5m", "--display-name", "Lab", "--json"),
    );
    assert.deepEqual([changed.displayName, changed.tokenExpiry, changed.enabled], ["Lab", 5, true]);
    assert.deepEqual(await read(), changed);
    assert.deepEqual(JSON.parse(await run("change", "--enabled", "no", "--json")), { ...changed, enabled: false });
    assert.equal((await running.request(path)).status, 503);
    await run("change", "--enabled", "yes");
    assert.equal((await running.request(path)).status, 200);
  });

  test("each mistake gets a message that says what to do, and changes nothing", async () => {
    const before = await read();
    const file = join(temporaryFolder(), "not-a-key.pem");
    writeFileSync(file, "hello");
    assert.match(await run("make"), /^2 .*ACTION must be one of show, change/);
    assert.match(
      await run("change"),
      /^2 .*at least one field\nThe fields are --new-key, --encryption-key, --revoke-old-keys/,
    );
    assert.match(await run("show", "--new-key"), /^2 .*--new-key has no effect on configuration show/);
    assert.match(await run("change", "--new-key", "--encryption-key", file), /^2 .*cannot be combined/);
    assert.match(
      await run("change", "--new-key", "--passphrase-file", file),
      /^2 .*no effect without --encryption-key/,
    );
    assert.match(await run("change", "--encryption-key", file), /^3 .*not-a-key\.pem/);
    assert.match(await run("change", "--token-expiry", "3h"), /^2 .*--token-expiry/);
    assert.match(await run("change", "--display-name", " "), /^[23] /);
    assert.deepEqual(await read(), before);
    const other = depotData(clock);
    await other.publish();
    const { code, stderr } = await runMain(["configuration", "show", ...other.place]);
    assert.match(`${code} ${stderr}`, /^3 .*has no JSON Web Token configuration\nThe first start/);
  });
});
