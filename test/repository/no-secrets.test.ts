import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { test } from "node:test";

const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && statSync(file, { throwIfNoEntry: false })?.isFile());

test("no private key is in the repository", () => {
  for (const file of files) {
    // A whole block, because code and documents that warn about private keys contain the label alone.
    assert.doesNotMatch(readFileSync(file, "latin1"), /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}/, file);
  }
});

test("the lock files name no registry host", () => {
  const locks = files.filter((file) => file.endsWith("package-lock.json"));
  assert.ok(locks.includes("package-lock.json"));
  for (const lock of locks) assert.doesNotMatch(readFileSync(lock, "utf8"), /"resolved": "https?:/, lock);
});

test("no file contains a note of unfinished work, and no test file runs only one of its tests", () => {
  for (const file of files.filter((name) => /^(packages|test|examples|bench)\/.*\.[cm]?[jt]s$/.test(name))) {
    const text = readFileSync(file, "utf8");
    assert.doesNotMatch(text, new RegExp("\\b(TO" + "DO|FIX" + "ME|HA" + "CK)\\b"), file);
    assert.doesNotMatch(text, new RegExp("\\b(test|it|describe)\\.on" + "ly\\("), file);
  }
});
