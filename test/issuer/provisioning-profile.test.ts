import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { readPackage } from "@portcullis/issuer";
import { writeZip, type ZipMember } from "../support/packages.ts";
import { temporaryFiles } from "../support/temporary-folder.ts";

const path = temporaryFiles();
const bundle = "Payload/Example.app";
const info = { CFBundleIdentifier: "com.example.app", CFBundleVersion: "1" };
const expiry = "2027-03-01T12:00:00Z";
const expiresAt = Date.parse(expiry) / 1000;

/** Signs a text as Apple signs profiles: a CMS message in DER with the text in it. */
function signed(content: string): string {
  writeFileSync(path("profile.plist"), content);
  const subject = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Apple", "-days", "1"];
  execFileSync("openssl", [...subject, "-keyout", path("key.pem"), "-out", path("cert.pem")], { stdio: "ignore" });
  execFileSync("openssl", [
    ...["cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-in", path("profile.plist")],
    ...["-signer", path("cert.pem"), "-inkey", path("key.pem"), "-out", path("profile.der")],
  ]);
  return readFileSync(path("profile.der"), "base64");
}

const plist = (entries: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict>${entries}</dict></plist>\n`;
const names = `<key>Name</key><string>Example In-House</string><key>ExpirationDate</key><date>${expiry}</date>`;
const profile = signed(plist(names));

async function read(now: number, members: readonly ZipMember[], appInfo: object = info) {
  const file = writeZip(path("Example.ipa"), [
    { name: `${bundle}/Info.plist`, plist: { ...appInfo } },
    { name: `${bundle}/_CodeSignature/CodeResources`, base64: "" },
    ...members,
  ]);
  return readPackage(file, { now: () => now });
}
const embedded = (base64: string): ZipMember => ({ name: `${bundle}/embedded.mobileprovision`, base64 });
const codes = ({ warnings }: Awaited<ReturnType<typeof read>>) => warnings.map(({ code }) => code);

describe("the provisioning profile of an .ipa", () => {
  test("is read, and produces a warning 30 days before it expires, and another from that second on", async () => {
    const valid = await read(expiresAt - 30 * 86_400 - 1, [embedded(profile)]);
    assert.deepEqual(valid.profile, { name: "Example In-House", expiresAt });
    assert.deepEqual(codes(valid), []);
    for (const early of [30 * 86_400, 1]) {
      assert.deepEqual(codes(await read(expiresAt - early, [embedded(profile)])), ["profile_expires_soon"]);
    }
    const expired = await read(expiresAt, [embedded(profile)]);
    assert.deepEqual(codes(expired), ["profile_expired"]);
    assert.match(expired.warnings[0]?.message ?? "", /expired on 2027-03-01, .*export it with a new profile/);
  });

  test("is ignored if it cannot be read, or belongs to something inside of the app", async () => {
    for (const content of [
      "hello",
      "<?xml",
      plist(""),
      plist("<key>ExpirationDate</key><string>soon</string>"),
      "<?xml a</plist>",
    ]) {
      const described = await read(expiresAt + 1, [embedded(Buffer.from(content).toString("base64"))]);
      assert.deepEqual([described.profile, codes(described)], [undefined, []], content);
    }
    const nested = `${bundle}/PlugIns/Widget.appex/embedded.mobileprovision`;
    assert.equal((await read(expiresAt, [{ name: nested, base64: profile }])).profile, undefined);
    const huge = { name: `${bundle}/embedded.mobileprovision`, zeros: 5 * 1024 * 1024 };
    assert.equal((await read(expiresAt, [huge])).profile, undefined);
  });
});

test("a build for a simulator produces a warning", async () => {
  for (const more of [
    { CFBundleSupportedPlatforms: ["iPhoneSimulator"] },
    { CFBundleSupportedPlatforms: ["AppleTVSimulator"], DTPlatformName: "appletvsimulator" },
    { DTPlatformName: "iphonesimulator" },
  ]) {
    const described = await read(0, [], { ...info, ...more });
    assert.deepEqual(codes(described), ["simulator_build"], JSON.stringify(more));
    assert.match(described.warnings[0]?.message ?? "", /built for the simulator, .*build it for a device/);
  }
  for (const more of [{ CFBundleSupportedPlatforms: ["iPhoneOS"] }, { DTPlatformName: "iphoneos" }]) {
    assert.deepEqual(codes(await read(0, [], { ...info, ...more })), []);
  }
});
