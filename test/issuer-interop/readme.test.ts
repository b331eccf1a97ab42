import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as issuer from "@portcullis/issuer";
import { makeXar, writeZip } from "../support/packages.ts";
import { privateKeyPem } from "../support/private-key.ts";
import { temporaryFiles } from "../support/temporary-folder.ts";

const path = temporaryFiles();
const root = new URL("../../", import.meta.url);
const readme = readFileSync(new URL("packages/issuer/README.md", root), "utf8");

symlinkSync(fileURLToPath(new URL("node_modules", root)), path("node_modules"));
writeFileSync(path("key.pem"), privateKeyPem());
writeFileSync(path("example.pkg"), makeXar({ PackageInfo: '<pkg-info identifier="com.example.pkg" version="1"/>' }));
writeZip(path("example.ipa"), [
  {
    name: "Payload/Example.app/Info.plist",
    plist: { CFBundleIdentifier: "com.example.app", CFBundleVersion: "1" },
  },
]);

/** The JavaScript examples, without the indentation that a list gives them. */
const examples = [...readme.matchAll(/^( *)```js\n([\s\S]*?)^ *```$/gm)].map(([, indent = "", code = ""]) =>
  code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
);

/** What each example must print, in the order of the page. */
const printed = [
  /build=7&token=eyJhbGciOiJSUzI1NiJ9\.[\s\S]*-----BEGIN PUBLIC KEY-----/,
  /^https:\/\/example\.com\/apps\/example\.ipa\?token=eyJhbGciOiJSUzI1NiJ9\./,
  /^listening$/m,
  /itms-services:/,
  /100 %[\s\S]*InstallAsManaged/,
  /<token_expiry>30<[\s\S]*eyJhbGciOiJSUzI1NiJ9\./,
];

describe("the README", () => {
  test("has an expectation for each of its examples", () => {
    assert.equal(examples.length, printed.length);
  });

  for (const [index, example] of examples.entries()) {
    test(`has an example that runs: ${index + 1}`, async () => {
      const file = path(`example-${index}.mjs`);
      const ended = example.replace(
        "server.listen(8080);",
        'server.listen(0, () => { console.log("listening"); server.close(); });',
      );
      writeFileSync(file, ended);
      const tsx = import.meta.resolve("tsx");
      const args = ["--conditions=@portcullis/source", `--import=${tsx}`, file];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: path("") });
      assert.match(stdout, printed[index] ?? /never/);
    });
  }

  test("names every export", () => {
    for (const name of Object.keys(issuer)) assert.ok(readme.includes(name), `${name} is not in the README`);
  });

  test("names every dependency, and no other", () => {
    const { dependencies } = JSON.parse(readFileSync(new URL("packages/issuer/package.json", root), "utf8"));
    const [, table = ""] = readme.split("## Dependencies");
    const named = [...table.matchAll(/^\| \[?`([^`]+)`/gm)].map(([, name]) => name);
    assert.deepEqual(named.toSorted(), Object.keys(dependencies).toSorted());
  });
});
