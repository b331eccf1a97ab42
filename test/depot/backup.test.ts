import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { codeBlocksOf } from "../support/code-blocks.ts";
import { depotData } from "./running-depot.ts";

/** The command that the page shows, run in the data folder. */
const [backUp = ""] = codeBlocksOf("docs/depot/README.md")
  .map(({ code }) => code.trim())
  .filter((code) => code.startsWith("python3 "));

test("a backup of a running depot, made as documented, is restored completely", async () => {
  const depot = depotData();
  const first = await depot.publish({ version: "1.0" });
  const link = await depot.link();
  const running = await depot.start();
  await running.request(await running.packageTarget(link.path));
  const revoked = await depot.link();
  await depot.links("revoke", revoked.id);

  execFileSync("sh", ["-c", backUp], { cwd: depot.data });
  // Changes between the two copies are not in the backup, and do not damage it.
  await depot.publish({ version: "2.0" });
  const later = await depot.link();
  const restored = depotData(depot.clock);
  mkdirSync(restored.data, { mode: 0o700 });
  cpSync(join(depot.data, "files"), join(restored.data, "files"), { recursive: true });
  copyFileSync(join(depot.data, "copy.db"), join(restored.data, "depot.db"));
  copyFileSync(join(depot.data, "data.key"), join(restored.data, "data.key"));

  const again = await restored.start();
  const target = await again.packageTarget(link.path);
  const { status, body } = await again.request(target);
  assert.deepEqual([status, body.equals(first)], [200, true]);
  assert.equal((await again.request(revoked.path)).status, 410);
  assert.equal((await again.request(later.path)).status, 404);
  const { receipts } = (await restored.links("receipts", link.id)) as { receipts: { completedAt?: number }[] };
  assert.equal(receipts.length, 2);
  assert.ok(receipts.every(({ completedAt }) => completedAt !== undefined));
  // The key is the same, so a download that began at the lost depot is resumed here.
  const newer = await running.packageTarget(link.path);
  assert.equal((await again.request(newer, { headers: { Range: "bytes=1000-" } })).status, 206);
  await restored.publish({ version: "3.0" });
  assert.equal((await again.request(await again.packageTarget(link.path))).status, 200);
});
