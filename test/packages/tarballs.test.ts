import assert from "node:assert/strict";
import { test } from "node:test";
import { packAll, root, run, temporaryFolder, toolBinaries } from "./packed.ts";

const tarballs = packAll(temporaryFolder());

for (const { folder, name, files, path } of tarballs) {
  test(`${name} packs its build, its source and what a registry displays, and nothing else`, () => {
    const meant =
      folder === "nginx"
        ? /^(package\.json|README\.md|LICENSE|dist\/portcullis\.js)$/
        : /^(package\.json|README\.md|LICENSE|portcullis\.schema\.json|bin\/portcullis\.js|(node|pem|encryption-key)\/package\.json|dist\/[\w.-]+\.(js|cjs|d\.ts|d\.cts)(\.map)?|src\/[\w./-]+\.tsx?|src\/[\w./-]+\.json|docs\/[\w./-]+\.md)$/;
    assert.deepEqual(
      files.filter((file) => !meant.test(file)),
      [],
    );
    assert.ok(files.includes("README.md"), "no README.md");
    assert.ok(files.length >= 3, files.join(" "));
  });

  test(`publint finds nothing wrong with ${name}`, () => {
    const output = run(`${toolBinaries}/publint`, ["run", path, "--strict"], root);
    assert.match(output, /All good!/);
  });

  // nginx's module is loaded by nginx, and the command is a program: neither has types to be wrong.
  if (folder !== "nginx" && folder !== "cli") {
    test(`are-the-types-wrong finds nothing wrong with ${name}`, () => {
      const output = run(`${toolBinaries}/attw`, [path, "--format", "ascii", "--no-emoji"], root);
      assert.match(output, /No problems found/);
    });
  }
}

test("building twice gives identical tarballs", () => {
  run("npm", ["run", "build"], root);
  const again = packAll(temporaryFolder());
  for (const { name, shasum } of tarballs) {
    assert.equal(again.find((tarball) => tarball.name === name)?.shasum, shasum, name);
  }
});
