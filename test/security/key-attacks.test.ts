import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createGate, isConfigurationError } from "@portcullis/core";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { webSigningKey } from "../support/web-signing-key.ts";
import { keyAttacks } from "./key-attacks.ts";

const cases = await keyAttacks(await webSigningKey());

test("each key of the corpus is accepted or refused as expected, and no message contains the key", () => {
  const wrong: string[] = [];
  for (const { name, key, expected } of cases) {
    const isJson = key.startsWith("{");
    for (const source of [
      key,
      new TextEncoder().encode(key),
      ...(isJson && key.endsWith("}") ? [JSON.parse(key)] : []),
    ]) {
      let outcome: string;
      try {
        createGate({ keys: source });
        outcome = "accepted";
      } catch (error) {
        if (!isConfigurationError(error)) throw error;
        assert.equal(error.option, "keys");
        assert.doesNotMatch(error.message, /[A-Za-z0-9+/_-]{40}/, name);
        outcome = "refused";
      }
      if (outcome !== expected) wrong.push(`${name}: ${outcome}, not ${expected}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
});

test("the command does not start with a key of the corpus that must be refused", async () => {
  const file = join(temporaryFolder(), "key");
  const wrong: string[] = [];
  for (const { name, key, expected } of cases) {
    writeFileSync(file, key);
    const { code, stderr } = await runMain(["rewritemap", "--key", file], { stdin: "/a.ipa\n" });
    if ((code === 0 ? "accepted" : "refused") !== expected) wrong.push(`${name}: exit code ${code} ${stderr}`);
    assert.doesNotMatch(stderr, /[A-Za-z0-9+/_-]{60}/, name);
  }
  assert.deepEqual(wrong, []);
});
