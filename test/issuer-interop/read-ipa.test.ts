import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { isIssuerError, readPackage } from "@portcullis/issuer";
import { makeBinaryPlist, writeZip, type ZipMember } from "../support/packages.ts";
import { temporaryFiles } from "../support/temporary-folder.ts";

const path = temporaryFiles();

const info = {
  CFBundleIdentifier: "com.example.app",
  CFBundleDisplayName: "Example & <Söhne> 😀",
  CFBundleName: "example",
  CFBundleShortVersionString: "1.2.3",
  CFBundleVersion: "456",
  CFBundleIcons: {
    CFBundlePrimaryIcon: { CFBundleIconFiles: ["57", "512"], UIPrerenderedIcon: true },
  },
  MinimumOSVersion: 17.2,
  UIDeviceFamily: [1, 2],
  LongString: "x".repeat(70_000),
};
const infoPath = "Payload/Example.app/Info.plist";
const signature = { name: "Payload/Example.app/_CodeSignature/CodeResources", base64: "" };
const base64 = (text: string | Buffer): string => Buffer.from(text).toString("base64");

const described = {
  kind: "ipa",
  metadata: {
    title: "Example & <Söhne> 😀",
    bundleIdentifier: "com.example.app",
    bundleVersion: "1.2.3",
  },
  build: "456",
  apps: [
    {
      title: "Example & <Söhne> 😀",
      bundleIdentifier: "com.example.app",
      bundleVersion: "1.2.3",
      build: "456",
    },
  ],
  warnings: [],
};

const refuses = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(isIssuerError(error), String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};

/** An .ipa whose Info.plist has these bytes. */
function ipaWith(bytes: string | Buffer): string {
  return writeZip(path("made.ipa"), [{ name: infoPath, base64: base64(bytes) }]);
}

describe("an .ipa is described", () => {
  for (const binary of [true, false]) {
    test(`by its ${binary ? "binary" : "XML"} Info.plist`, async () => {
      const ipa = writeZip(path("example.ipa"), [
        { name: "Payload/", base64: "" },
        {
          name: "Payload/Example.app/Frameworks/Other.framework/Info.plist",
          plist: { CFBundleIdentifier: "other" },
        },
        {
          name: "Payload/Example.app/PlugIns/Widget.appex/Info.plist",
          plist: { CFBundleIdentifier: "other" },
        },
        {
          name: "Payload/Example.app/Watch/Watch.app/Info.plist",
          plist: { CFBundleIdentifier: "other" },
        },
        { name: infoPath, plist: info, binary },
        signature,
        { name: "iTunesMetadata.plist", base64: "" },
      ]);
      assert.deepEqual(await readPackage(ipa), described);
      assert.deepEqual(await readPackage(pathToFileURL(ipa)), described);
    });
  }

  test("whatever the file is called, stored or deflated", async () => {
    const members = [{ name: infoPath, plist: info, binary: true, stored: true }, signature];
    assert.deepEqual(await readPackage(writeZip(path("example.zip"), members)), described);
  });

  const names: [string, Record<string, unknown>, string][] = [
    ["by CFBundleName, where there is no display name", { CFBundleName: "Name" }, "Name"],
    ["by CFBundleName, where the display name is empty", { CFBundleName: "Name", CFBundleDisplayName: " " }, "Name"],
    ["by its folder, where it has no name", {}, "Example"],
  ];
  for (const [name, keys, title] of names) {
    test(`${name}`, async () => {
      const plist = { CFBundleIdentifier: "com.example.app", CFBundleVersion: "7", ...keys };
      const ipa = writeZip(path("named.ipa"), [{ name: infoPath, plist }]);
      const metadata = { title, bundleIdentifier: "com.example.app", bundleVersion: "7" };
      assert.deepEqual((await readPackage(ipa)).metadata, metadata);
    });
  }

  test("with the sizes of archives over 4 GiB", async () => {
    const members = [{ name: infoPath, plist: info, zip64: true }, signature];
    assert.deepEqual(await readPackage(writeZip(path("zip64.ipa"), members)), described);
  });

  test("with a warning, if it is not signed", async () => {
    const { warnings } = await readPackage(writeZip(path("unsigned.ipa"), [{ name: infoPath, plist: info }]));
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["not_signed"],
    );
    assert.match(warnings[0]?.message ?? "", /no device installs it: export it from Xcode/);
  });

  test("with UTF-16 strings and shared strings in its binary Info.plist", async () => {
    const plist = { ...info, CFBundleDisplayName: "例え", CFBundleName: "例え" };
    const ipa = writeZip(path("utf16.ipa"), [{ name: infoPath, plist, binary: true }]);
    assert.equal((await readPackage(ipa)).metadata.title, "例え");
  });
});

describe("an .ipa is refused", () => {
  const archives: [string, ZipMember[], string, RegExp][] = [
    [
      "without an Info.plist",
      [{ name: "Payload/Example.app/Example", base64: "" }],
      "package_incomplete",
      /no Payload\/….app\/Info.plist, so it is no .ipa/,
    ],
    ["whose app is not in Payload", [{ name: "Example.app/Info.plist", plist: info }], "package_incomplete", /no .ipa/],
    ["that is empty", [], "package_incomplete", /no .ipa/],
    [
      "with two apps",
      [
        { name: infoPath, plist: info },
        { name: "Payload/B.app/Info.plist", plist: info },
      ],
      "package_hostile",
      /several apps in its Payload: there must be one/,
    ],
    [
      "with two files of one name",
      [
        { name: infoPath, plist: info },
        { name: infoPath, plist: info },
      ],
      "package_hostile",
      /several apps/,
    ],
    ["with a zip bomb", [{ name: infoPath, zeros: 64 * 1024 * 1024 }], "package_hostile", /larger than 4 MiB/],
    [
      "with a path that climbs",
      [
        { name: "Payload/../../etc/passwd", base64: "" },
        { name: infoPath, plist: info },
      ],
      "package_hostile",
      /path leads out of it/,
    ],
    [
      "with an absolute path",
      [
        { name: "/etc/passwd", base64: "" },
        { name: infoPath, plist: info },
      ],
      "package_hostile",
      /path leads out of it/,
    ],
    [
      "with a backslash path",
      [
        { name: "..\\..\\evil", base64: "" },
        { name: infoPath, plist: info },
      ],
      "package_hostile",
      /path leads out of it/,
    ],
    [
      "without an identifier",
      [{ name: infoPath, plist: { CFBundleVersion: "1" } }],
      "package_incomplete",
      /has no CFBundleIdentifier/,
    ],
    [
      "without a version",
      [{ name: infoPath, plist: { CFBundleIdentifier: "a" } }],
      "package_incomplete",
      /has no CFBundleVersion/,
    ],
    [
      "whose identifier is a number",
      [{ name: infoPath, plist: { CFBundleIdentifier: 1, CFBundleVersion: "1" } }],
      "package_incomplete",
      /has no CFBundleIdentifier/,
    ],
  ];
  for (const [name, members, code, message] of archives) {
    test(name, async () => {
      await assert.rejects(readPackage(writeZip(path("bad.ipa"), members)), refuses(code, message));
    });
  }

  test("that declares less than it unpacks to", async () => {
    const ipa = writeZip(path("liar.ipa"), [{ name: infoPath, zeros: 64 * 1024 * 1024 }]);
    const bytes = readFileSync(ipa);
    bytes.writeUInt32LE(100, bytes.indexOf("PK\u0001\u0002") + 24); // the size in the central directory
    writeFileSync(ipa, bytes);
    await assert.rejects(readPackage(ipa), refuses("package_damaged", /cut short or damaged/));
  });

  test("that is encrypted", async () => {
    const ipa = writeZip(path("encrypted.ipa"), [{ name: infoPath, plist: info }]);
    const bytes = readFileSync(ipa);
    bytes.writeUInt16LE(1, bytes.indexOf("PK\u0001\u0002") + 8);
    writeFileSync(ipa, bytes);
    await assert.rejects(readPackage(ipa), refuses("package_unsupported", /encrypted or compressed in an unusual way/));
  });

  test("that claims more than a million files", async () => {
    const ipa = writeZip(path("many.ipa"), [{ name: infoPath, plist: info }]);
    const bytes = readFileSync(ipa);
    const end = bytes.lastIndexOf("PK\u0005\u0006");
    const zip64 = Buffer.alloc(76);
    zip64.write("PK\u0006\u0006", 0, "latin1");
    zip64.writeBigUInt64LE(44n, 4);
    zip64.writeBigUInt64LE(2_000_000n, 24);
    zip64.writeBigUInt64LE(2_000_000n, 32);
    zip64.writeBigUInt64LE(BigInt(bytes.readUInt32LE(end + 12)), 40);
    zip64.writeBigUInt64LE(BigInt(bytes.readUInt32LE(end + 16)), 48);
    zip64.write("PK\u0006\u0007", 56, "latin1");
    zip64.writeBigUInt64LE(BigInt(end), 64);
    zip64.writeUInt32LE(1, 72);
    bytes.writeUInt16LE(0xffff, end + 8);
    bytes.writeUInt16LE(0xffff, end + 10);
    writeFileSync(ipa, Buffer.concat([bytes.subarray(0, end), zip64, bytes.subarray(end)]));
    await assert.rejects(readPackage(ipa), refuses("package_hostile", /more than a million files/));
  });

  for (const kept of [0.3, 0.7, 0.99]) {
    test(`that is cut short to ${kept * 100} %`, async () => {
      const bytes = readFileSync(writeZip(path("whole.ipa"), [{ name: infoPath, plist: info }]));
      writeFileSync(path("cut.ipa"), bytes.subarray(0, Math.floor(bytes.length * kept)));
      await assert.rejects(
        readPackage(path("cut.ipa")),
        refuses("package_damaged", /cut short or damaged: build or copy it again/),
      );
    });
  }

  const nested = Array.from({ length: 40 }, (_, index) => ({ array: [index + 1, index + 1] }));
  const plists: [string, string | Buffer][] = [
    ["is empty", ""],
    ["is prose", "Hello"],
    ["is XML but no property list", "<a/>"],
    ["is no dictionary", "<plist><array><string>a</string></array></plist>"],
    ["is XML cut short", "<plist><dict><key>CFBundleIdentifier</key>"],
    ["is not UTF-8", Buffer.from("<plist><dict><key>a</key><string>\xFF</string></dict></plist>", "latin1")],
    [
      "holds an XML bomb",
      '<!DOCTYPE plist [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><plist><dict><key>CFBundleIdentifier</key><string>&b;</string></dict></plist>',
    ],
    [
      "reads a local file",
      '<!DOCTYPE plist [<!ENTITY a SYSTEM "file:///etc/passwd">]><plist><dict><key>CFBundleIdentifier</key><string>&a;</string></dict></plist>',
    ],
    ["nests without end", `<plist>${"<dict><key>a</key>".repeat(30_000)}`],
    ["is a binary bomb of 2^40 objects", makeBinaryPlist([...nested, "x"])],
    ["is a binary list that holds itself", makeBinaryPlist([{ array: [0] }])],
    ["is a binary bomb of one long string", makeBinaryPlist([{ array: Array(3000).fill(1) }, "x".repeat(60_000)])],
    [
      "is a binary list nested a hundred deep",
      makeBinaryPlist([
        { keys: [1, 2, 3], values: [1, 2, 4] },
        "CFBundleIdentifier",
        "CFBundleVersion",
        "deep",
        ...Array.from({ length: 100 }, (_, index) => ({ array: [index + 5] })),
        "x",
      ]),
    ],
    ["refers to an object that does not exist", makeBinaryPlist([{ array: [9] }])],
    ["is a binary list cut short", makeBinaryPlist([{ keys: [1], values: [1] }, "x"]).subarray(0, 30)],
    ["has a binary header alone", "bplist00"],
    ["is a binary list of another version", Buffer.from("bplist15".padEnd(60, "\u0000"))],
  ];
  for (const [name, bytes] of plists) {
    test(`whose Info.plist ${name}`, async () => {
      const started = performance.now();
      await assert.rejects(readPackage(ipaWith(bytes)), refuses("package_damaged", /Info\.plist cannot be read/));
      assert.ok(performance.now() - started < 10_000);
    });
  }

  test("never otherwise than with a reason, whichever byte of it is changed", async () => {
    const bytes = readFileSync(
      writeZip(path("seed.ipa"), [
        {
          name: infoPath,
          plist: { CFBundleIdentifier: "com.example.app", CFBundleVersion: "1" },
          binary: true,
          stored: true,
        },
      ]),
    );
    let refused = 0;
    for (let index = 4; index < bytes.length; index += 1) {
      for (const value of [0x00, 0xff]) {
        const changed = Buffer.from(bytes);
        changed[index] = value;
        writeFileSync(path("changed.ipa"), changed);
        try {
          await readPackage(path("changed.ipa"));
        } catch (error) {
          assert.ok(isIssuerError(error), `byte ${index}: ${error}`);
          refused += 1;
        }
      }
    }
    assert.ok(refused > 100, `${refused} refused`);
  });
});

describe("another file is refused", () => {
  const others: [string, string | Buffer][] = [
    ["that is empty", ""],
    ["of two bytes", "PK"],
    ["of text", "Hello, this is no package."],
    ["that is a gzip archive", Buffer.from([0x1f, 0x8b, 8, 0])],
    ["that is a disk image", Buffer.from("koly".padStart(600, "\u0000"))],
  ];
  for (const [name, content] of others) {
    test(name, async () => {
      writeFileSync(path("other"), content);
      await assert.rejects(
        readPackage(path("other")),
        refuses("package_unknown", /neither an .ipa \(zip\) nor a flat .pkg \(xar\)/),
      );
    });
  }

  test("that is a folder, or a pipe, without waiting for its other end", async () => {
    mkdirSync(path("bundle.pkg"));
    execFileSync("mkfifo", [path("pipe.ipa")]);
    for (const name of ["bundle.pkg", "pipe.ipa"]) {
      await assert.rejects(readPackage(path(name)), refuses("file_not_regular", /a folder or a device: give an .ipa/));
    }
  });

  test("that does not exist, by Node's error", async () => {
    await assert.rejects(readPackage(path("missing.ipa")), { code: "ENOENT" });
  });
});
