import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openDepot } from "@portcullis/depot";
import { isDiskFull } from "../../packages/depot/src/store/disk-full.ts";
import { adminBrowser, setupPath } from "./admin-browser.ts";
import { type DepotData, depotData } from "./running-depot.ts";

const password = "correct horse battery";
const boundary = "xxxxxxxxxxxx";

// Only root can mount a file system.
if (process.getuid?.() === 0) {
  test("a full disk: 507 for uploads and forms, nothing is changed, and the depot continues when there is room again", async () => {
    const depot = depotData();
    mkdirSync(depot.data);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m", "none", depot.data]);
    try {
      await fillDisk(depot);
    } finally {
      execFileSync("umount", ["--lazy", depot.data]);
    }
  });
}

async function fillDisk(depot: DepotData): Promise<void> {
  const filler = join(depot.data, "filler");
  const opened = await openDepot(depot.options);
  const { token } = await opened.apiTokens.create({ name: "CI" });
  await opened.close();
  const file = await depot.publish();
  const { path } = await depot.link();
  function fill(): void {
    const { bavail, bsize } = statfsSync(depot.data);
    writeFileSync(filler, Buffer.alloc(bavail * bsize));
    assert.equal(statfsSync(depot.data).bavail, 0);
  }

  const running = await depot.start();
  const browser = adminBrowser(running);
  await browser.post(setupPath(running), { password, repeated: password });
  const formToken = await browser.formToken();
  const target = await running.packageTarget(path);
  fill();

  const form = [
    `--${boundary}\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n${formToken}\r\n`,
    `--${boundary}\r\nContent-Disposition: form-data; name="channel"\r\n\r\nrelease\r\n`,
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="Big.ipa"\r\n\r\n`,
    `${"x".repeat(500_000)}\r\n--${boundary}--\r\n`,
  ].join("");
  const headers = { "Content-Type": `multipart/form-data; boundary=${boundary}` };
  const uploaded = await browser.post("/items/upload", form, headers);
  assert.equal(uploaded.status, 507, uploaded.text);
  assert.match(uploaded.text, /disk is full/);
  assert.deepEqual(readdirSync(join(depot.data, "incoming")), []);

  const many = { name: "x".repeat(200), form_token: formToken };
  let changed = await browser.post("/account/tokens", many);
  // The last pages of the database's files can still have room for some changes.
  for (let attempt = 0; changed.status !== 507 && attempt < 500; attempt += 1)
    changed = await browser.post("/account/tokens", many);
  assert.equal(changed.status, 507, changed.text);
  assert.match(changed.text, /Free some space/);

  const api = (where: string, more: Record<string, string>, body: string) =>
    browser.request("POST", where, { Authorization: `Bearer ${token}`, ...more }, body);
  const part = {
    ...{ "Tus-Resumable": "1.0.0", "Upload-Length": "100000" },
    "Content-Type": "application/offset+octet-stream",
  };
  assert.equal((await api("/api/uploads", part, "x".repeat(100_000))).status, 507);
  const link = JSON.stringify({ item: "com.example.notes", recipient: "iPad ".repeat(40).slice(0, 200) });
  const json = { "Content-Type": "application/json" };
  let refused = await api("/api/links", json, link);
  for (let attempt = 0; refused.status !== 507 && attempt < 500; attempt += 1)
    refused = await api("/api/links", json, link);
  assert.match(`${refused.status} ${refused.text}`, /^507 .*disk_full/);

  const { status, body } = await running.request(target);
  assert.deepEqual([status, body.equals(file)], [200, true], "files are served as before");
  const before = (await depot.links("list")) as { readonly links?: readonly unknown[] };
  rmSync(filler);
  assert.equal((await api("/api/links", json, link)).status, 201);
  const next = (await depot.links("list")) as { readonly links?: readonly unknown[] };
  assert.equal(next.links?.length, (before.links?.length ?? 0) + 1, "what was refused was not done");
  assert.equal((await running.request(path)).status, 200);
  await running.end();
}

test("errors of a full disk are recognised: those of files, of SQLite and of PostgreSQL", () => {
  for (const code of ["ENOSPC", "EDQUOT", "SQLITE_FULL", "53100"])
    assert.equal(isDiskFull(Object.assign(new Error("full"), { code })), true, code);
  for (const error of [
    new Error("full"),
    Object.assign(new Error("other"), { code: "SQLITE_BUSY" }),
    "ENOSPC",
    undefined,
  ])
    assert.equal(isDiskFull(error), false);
});
