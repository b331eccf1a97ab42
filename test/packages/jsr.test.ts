import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { binaries } from "../runtimes/command-line-runtimes.ts";
import { readManifest, root, run } from "./packed.ts";

const folders = readdirSync(join(root, "packages")).filter((folder) =>
  existsSync(join(root, "packages", folder, "jsr.json")),
);

test("each library has the same entry points on JSR and npm", () => {
  assert.ok(folders.length >= 4, folders.join(" "));
  for (const folder of folders) {
    const jsr = JSON.parse(readFileSync(join(root, "packages", folder, "jsr.json"), "utf8"));
    const manifest = readManifest(folder);
    const entry = manifest.exports["."] as Record<string, string>;
    assert.deepEqual([jsr.name, jsr.exports["."] ?? jsr.exports], [manifest.name, entry["@portcullis/source"]]);
  }
});

for (const folder of folders) {
  test(`Deno accepts ${folder} for publishing, without slow types`, () => {
    const output = run(
      binaries.deno,
      ["publish", "--dry-run", "--allow-dirty", "--no-provenance"],
      join(root, "packages", folder),
    );
    assert.doesNotMatch(output, /slow type[^s]/i);
  });
}
