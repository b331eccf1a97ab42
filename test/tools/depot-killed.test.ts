import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openDepot, readDataKeyFile } from "@portcullis/depot";
import { buildSync } from "esbuild";
import { depotData, type RunningDepot } from "../depot/running-depot.ts";
import { writeSampleApp } from "../depot/sample-app.ts";
import { privateKeyPem } from "../support/private-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Bundled into one file, because dozens of processes run it: each would take a second to start from the sources. */
function bundleWorkUntil(folder: string): string {
  const outfile = join(folder, "work-until.mjs");
  const alias = { libsql: import.meta.resolve("libsql"), pg: import.meta.resolve("pg") };
  buildSync({
    entryPoints: [fileURLToPath(new URL("../depot/work-until.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    format: "esm",
    // For the CommonJS modules in the bundle.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    conditions: ["@portcullis/source"],
    alias,
    external: Object.values(alias),
    outfile,
  });
  return outfile;
}

describe("killed at any step", () => {
  const base = temporaryFolder();
  const program = bundleWorkUntil(base);
  const depot = depotData({ now: () => Date.now() / 1000, pass() {} });
  const { data, database = "" } = depot.options;
  let running: RunningDepot;
  let path: string;
  before(async () => {
    await depot.publish();
    running = await depot.start();
    path = (await depot.link()).path;
  });

  /** Works in a process that kills itself before a step; returns whether it did, and what it printed. */
  function work(step: number, action: string, file: string) {
    const args = [program, action, data, database, file, String(step)];
    const { signal, status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    assert.ok(signal === "SIGKILL" || status === 0, stderr);
    return { isKilled: signal === "SIGKILL", stdout };
  }
  function storedFiles(name: string): string[] {
    const folder = join(data, name);
    if (!existsSync(folder)) return [];
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.path, entry.name));
  }
  const last = Number.MAX_SAFE_INTEGER;
  const served = async () => (await running.request(await running.packageTarget(path))).body;
  const newApp = (name: string) => writeSampleApp(join(base, `${name}.ipa`), { version: name, size: 2000 });

  for (const [action, leastSteps] of [
    ["publish", 12],
    ["upload", 15],
  ] as const) {
    test(`of ${action}, the links serve the old version or the new one, whole, and ${action} can be repeated`, async () => {
      let step = 0;
      let hasArrived = false;
      for (let isKilled = true; isKilled; ) {
        step += 1;
        assert.ok(step < 100, "the steps have no end");
        const file = newApp(`${action}-${step}`);
        const [before, next] = [await served(), readFileSync(file)];
        ({ isKilled } = work(step, action, file));
        const now = await served();
        assert.ok(now.equals(before) || now.equals(next), `after step ${step}: a version that is served whole`);
        const arrived = [...storedFiles("uploads"), ...storedFiles("files")].some((path) =>
          readFileSync(path).equals(next),
        );
        const isFirst = arrived && !hasArrived;
        hasArrived ||= arrived;
        if (!isKilled) assert.ok(now.equals(next));
        else if (isFirst || step % 5 === 0) {
          const { isKilled: again, stdout } = work(last, action, file);
          assert.equal(again, false);
          assert.ok((await served()).equals(next), `after step ${step}, and done again`);
          // An upload that has arrived completely is not sent again.
          if (action === "upload") assert.equal(stdout, arrived ? "" : "sent", `after step ${step}`);
          const id = createHash("sha256").update(next).digest("hex");
          assert.deepEqual(
            storedFiles("uploads").filter((path) => path.includes(id)),
            [],
            `after step ${step}`,
          );
        }
      }
      assert.ok(step > leastSteps, `${step} steps: files and statements are counted`);
    });
  }

  test("of a change of the configuration, either all of it is saved or nothing", async () => {
    const opened = await openDepot(depot.options);
    const configuration = opened.configurationWith(readDataKeyFile(join(data, "data.key")));
    const state = async () => {
      const { keyId, displayName } = (await configuration.read()) ?? {};
      const keys = await configuration.verificationKeys();
      const signing = keys.filter(({ acceptedUntil }) => acceptedUntil === undefined);
      assert.deepEqual([signing.length, signing[0]?.keyId], [1, keyId], "the key that signs, and no other, has no end");
      return { keyId, displayName, count: keys.length };
    };
    let step = 0;
    for (let isKilled = true; isKilled; ) {
      step += 1;
      assert.ok(step < 100, "the steps have no end");
      const file = join(base, `key ${step}`);
      writeFileSync(file, privateKeyPem());
      const before = await state();
      ({ isKilled } = work(step, "configuration", file));
      const after = await state();
      if (isKilled && after.keyId === before.keyId) assert.deepEqual(after, before);
      else {
        assert.notEqual(after.keyId, before.keyId);
        assert.equal(after.displayName, `key ${step}`);
        assert.equal(after.count, 1);
      }
      assert.equal((await running.request(await running.packageTarget(path))).status, 200, `after step ${step}`);
    }
    assert.ok(step > 8, `${step} steps: statements are counted`);
    await opened.close();
  });
});
