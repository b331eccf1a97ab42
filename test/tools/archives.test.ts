import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { readPackage } from "@portcullis/issuer";
import plist from "plist";
import { writeXarByBsdtar, writeZipByZip, writeZipWithoutZip64 } from "../support/packages.ts";
import { temporaryFiles } from "../support/temporary-folder.ts";

const path = temporaryFiles();

function writeTree(folder: string, files: Record<string, string>): string {
  for (const [name, content] of Object.entries(files)) {
    const file = `${path(folder)}/${name}`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return path(folder);
}

const metadata = { title: "Example & Söhne", bundleIdentifier: "com.example.app", bundleVersion: "1.2.3" };
const bundle =
  '<bundle id="com.example.app" CFBundleShortVersionString="1.2.3" CFBundleVersion="456" path="Example.app"/>';
const packageInfo = `<pkg-info format-version="2" identifier="com.example.pkg" version="1.2.9">${bundle}</pkg-info>`;
const distribution = (apps: string): string => `<installer-gui-script minSpecVersion="2">
  <title>Example &amp; Söhne</title>
  <pkg-ref id="com.example.pkg"><bundle-version>${apps}</bundle-version></pkg-ref>
  <product id="com.example.product" version="1.2"/>
  <choice id="com.example.pkg"><pkg-ref id="com.example.pkg"/></choice>
  <pkg-ref id="com.example.pkg" version="1.2.9">#example.pkg</pkg-ref>
</installer-gui-script>`;

for (const apps of [bundle, ""]) {
  test(`a .pkg that bsdtar wrote is described, its apps named by ${apps ? "its Distribution" : "the component inside"}`, async () => {
    const folder = writeTree(`tree${apps.length}`, {
      Distribution: distribution(apps),
      "example.pkg/PackageInfo": packageInfo,
      "example.pkg/Payload": "x".repeat(100_000),
    });
    const pkg = writeXarByBsdtar(path("real.pkg"), folder, ["Distribution", "example.pkg"]);
    const described = await readPackage(pkg);
    assert.equal(described.kind, "pkg");
    assert.deepEqual(
      described.apps.map(({ bundleIdentifier, build }) => [bundleIdentifier, build]),
      [["com.example.app", "456"]],
    );
    assert.deepEqual(
      described.warnings.map(({ code }) => code),
      ["not_signed"],
    );
    if (apps) assert.deepEqual(described.metadata, metadata);
  });
}

test("an .ipa that the zip command wrote is described", async () => {
  const folder = writeTree("zipped", {
    "Payload/Example.app/Info.plist": plist.build({
      CFBundleIdentifier: "com.example.app",
      CFBundleDisplayName: "Example & Söhne",
      CFBundleShortVersionString: "1.2.3",
      CFBundleVersion: "456",
    }),
    "Payload/Example.app/_CodeSignature/CodeResources": "",
  });
  const described = await readPackage(writeZipByZip(path("zip.ipa"), folder, "Payload"));
  assert.deepEqual(described.metadata, metadata);
  assert.deepEqual(described.warnings, []);
});

test("an .ipa over 4 GiB without ZIP64 is read as unzip reads it", async () => {
  const content = plist.build({ CFBundleIdentifier: "com.example.app", CFBundleVersion: "7" });
  const archive = writeZipWithoutZip64(path("large.ipa"), [
    { name: "Payload/Example.app/Example", content: "", hole: 2 ** 32 + 12_345 },
    { name: "Payload/Example.app/Info.plist", content },
  ]);
  // unzip exits with 1 for a warning, because the archive declares less than it contains.
  const { stdout } = spawnSync("unzip", ["-p", archive, "Payload/Example.app/Info.plist"], { encoding: "utf8" });
  assert.equal(stdout, content);
  assert.equal((await readPackage(archive)).metadata.bundleIdentifier, "com.example.app");
});
