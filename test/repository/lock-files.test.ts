import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

interface LockEntry {
  readonly link?: boolean;
  readonly integrity?: string;
  readonly resolved?: string;
}

const lockFiles = execFileSync("git", ["ls-files", "*package-lock.json"], { encoding: "utf8" }).trim().split("\n");

for (const file of lockFiles) {
  const { packages } = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, LockEntry> };
  const installed = Object.entries(packages).filter(([path, { link }]) => path.includes("node_modules/") && !link);

  test(`${file}: npm checks every package against its SHA-512`, () => {
    assert.ok(installed.length > 0);
    for (const [path, { integrity }] of installed) assert.match(integrity ?? "", /^sha512-/, path);
  });

  test(`${file}: no package is tied to one registry host`, () => {
    for (const [path, { resolved = "" }] of installed) assert.doesNotMatch(resolved, /^https?:/, path);
  });
}
