import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { hashFile, isIssuerError, readPackage } from "@portcullis/issuer";
import { assertLinearAsync, stopwatch } from "../support/assert-linear.ts";
import { makeBinaryPlist, writeZip, writeZipWithoutZip64, type ZipMember } from "../support/packages.ts";
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

/** A binary Info.plist, which can contain any character, in which one of the names is this text. */
function namedApp(key: string, text: string): Buffer {
  const names = { CFBundleIdentifier: "a", CFBundleName: "a", CFBundleShortVersionString: "1", CFBundleVersion: "1" };
  const texts = Object.entries({ ...names, [key]: text }).flat();
  const keys = texts.map((_, index) => index + 1).filter((index) => index % 2 === 1);
  return makeBinaryPlist([{ keys, values: keys.map((index) => index + 1) }, ...texts]);
}

/** An XML Info.plist with these keys besides an identifier and a version. */
function plistText(keys: string): string {
  return `<plist version="1.0"><dict><key>CFBundleIdentifier</key><string>com.example.app</string><key>CFBundleVersion</key><string>7</string>${keys}</dict></plist>`;
}

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

  test("whatever the name of the file, stored or deflated", async () => {
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

describe("an .ipa written by unusual tools is described", () => {
  const signed = (name: string, content: string | Buffer) => [
    { name: `${name}/Info.plist`, base64: base64(content) },
    { name: `${name}/_CodeSignature/CodeResources`, base64: "" },
  ];
  const minimal = plistText("");
  const expected = { title: "Example", bundleIdentifier: "com.example.app", bundleVersion: "7" };

  for (const name of [
    "./Payload/Example.app",
    "Payload/./Example.app",
    "Payload/Example.APP",
    "Payload/Example.App",
    "Payload//Example.app",
  ]) {
    test(`with its app at ${name}`, async () => {
      const { metadata, warnings } = await readPackage(writeZip(path("unusual.ipa"), signed(name, minimal)));
      assert.deepEqual([metadata, warnings], [expected, []]);
    });
  }

  for (const name of ["back\\slash.png", "C:.png", "\u202e.png", "a..b", "..."]) {
    test(`with a resource named ${JSON.stringify(name)}`, async () => {
      const members = [{ name: `Payload/Example.app/${name}`, base64: "" }, ...signed("Payload/Example.app", minimal)];
      assert.deepEqual((await readPackage(writeZip(path("resource.ipa"), members))).metadata, expected);
    });
  }

  const versions: [string, string, string, string | undefined][] = [
    ["an integer", "<key>CFBundleVersion</key><integer>42</integer>", "42", "42"],
    [
      "a large integer",
      "<key>CFBundleVersion</key><integer>20261125093000123</integer>",
      "20261125093000123",
      "20261125093000123",
    ],
    ["a real", "<key>CFBundleVersion</key><real>1.5</real>", "1.5", "1.5"],
    ["a short version that is a real", "<key>CFBundleShortVersionString</key><real>2.25</real>", "2.25", undefined],
  ];
  for (const [name, keys, bundleVersion, build] of versions) {
    test(`with ${name} for its version`, async () => {
      const text = plistText(keys).replace("<key>CFBundleVersion</key><string>7</string>", "");
      const described = await readPackage(ipaWith(text));
      assert.deepEqual([described.metadata.bundleVersion, described.build], [bundleVersion, build]);
    });
  }

  const named = `<?xml version="1.0" encoding="UTF-16"?>${plistText("<key>CFBundleName</key><string>Söhne 例</string>")}`;
  const utf16 = Buffer.from(`\uFEFF${named}`, "utf16le");
  const openStep = '{ CFBundleIdentifier = "com.example.app"; CFBundleVersion = 7; CFBundleName = "Söhne \\U4f8b"; }';
  const encodings: [string, Buffer][] = [
    ["UTF-16, little-endian", utf16],
    ["UTF-16, big-endian", Buffer.from(utf16).swap16()],
    ["OpenStep's form", Buffer.from(openStep)],
    ["OpenStep's form and UTF-16", Buffer.from(`\uFEFF${openStep}`, "utf16le")],
    ["UTF-16 without a byte order mark", utf16.subarray(2)],
    [
      "XML with a comment before its declaration",
      Buffer.from(`<!-- Licence -->\n<?xml version="1.0"?>${named.replace(/^<\?xml.*?\?>/, "")}`),
    ],
    ["OpenStep's form and UTF-16 without a byte order mark", Buffer.from(openStep, "utf16le")],
    ["OpenStep's form and UTF-16, big-endian, without a byte order mark", Buffer.from(openStep, "utf16le").swap16()],
  ];
  for (const [name, bytes] of encodings) {
    test(`with its Info.plist in ${name}`, async () => {
      const { metadata } = await readPackage(ipaWith(bytes));
      assert.deepEqual(metadata, { ...expected, title: "Söhne 例" });
    });
  }

  const folderNames: [string, Buffer, string, string[]][] = [
    ["in UTF-8 without the flag that says so", Buffer.from("Söhne 例"), "Söhne 例", []],
    ["in code page 437", Buffer.from("5394686e65", "hex"), "com.example.app", ["title_missing"]],
    ["in Mac OS Roman", Buffer.from("539a686e65", "hex"), "com.example.app", ["title_missing"]],
    // In code page 437 these bytes are "âAâvâè".
    ["in Shift-JIS", Buffer.from("83418376838a", "hex"), "com.example.app", ["title_missing"]],
    ["in Shift-JIS, with a backslash in it", Buffer.from("955c8ca7", "hex"), "com.example.app", ["title_missing"]],
    ["in ISO-8859-1", Buffer.from("Söhne", "latin1"), "com.example.app", ["title_missing"]],
    ["in GBK", Buffer.from("d3a6d3c3", "hex"), "com.example.app", ["title_missing"]],
  ];
  for (const [name, folder, title, guesses] of folderNames) {
    test(`with the name of its folder ${name}`, async () => {
      const member = {
        name: Buffer.concat([Buffer.from("Payload/"), folder, Buffer.from(".app/Info.plist")]),
        content: minimal,
      };
      const { metadata, warnings } = await readPackage(writeZipWithoutZip64(path("named.ipa"), [member]));
      assert.equal(metadata.title, title);
      assert.deepEqual(
        warnings.map(({ code }) => code).filter((code) => code !== "not_signed"),
        guesses,
      );
    });
  }

  test("with bytes behind its end, as some copies gain them", async () => {
    const bytes = readFileSync(ipaWith(minimal));
    const comment = Buffer.concat([bytes, Buffer.from("PK\u0005\u0006 is in the comment")]);
    comment.writeUInt16LE(comment.length - bytes.length, bytes.length - 2);
    for (const longer of [
      ...["\n", "\r\n", "\0".repeat(512)].map((end) => Buffer.concat([bytes, Buffer.from(end)])),
      comment,
    ]) {
      writeFileSync(path("longer.ipa"), longer);
      assert.deepEqual((await readPackage(path("longer.ipa"))).metadata, expected);
    }
  });

  test("over 4 GiB without ZIP64, as Xcode writes it", async () => {
    const archive = writeZipWithoutZip64(path("large.ipa"), [
      { name: "Payload/Example.app/Example", content: "", hole: 2 ** 32 + 12_345 },
      { name: infoPath, content: minimal },
      { name: signature.name, content: "" },
    ]);
    assert.ok(statSync(archive).size > 2 ** 32);
    const { metadata, warnings } = await readPackage(archive);
    assert.deepEqual([metadata, warnings], [expected, []]);
  });

  test("with more than 65 535 files without ZIP64, as Xcode writes it", async () => {
    const resources = Array.from({ length: 65_540 }, (_, index) => ({
      name: `Payload/Example.app/${index}`,
      content: "",
    }));
    const archive = writeZipWithoutZip64(path("many.ipa"), [...resources, { name: infoPath, content: minimal }]);
    assert.deepEqual((await readPackage(archive)).metadata, expected);
    const exactly = writeZipWithoutZip64(path("full.ipa"), [
      ...resources.slice(0, 65_534),
      { name: infoPath, content: minimal },
    ]);
    assert.deepEqual((await readPackage(exactly)).metadata, expected);
  });

  const archiveOf = (count: number): string => {
    const archive = path(`${count}.ipa`);
    if (existsSync(archive)) return archive;
    const resources = Array.from({ length: count }, (_, index) => ({
      name: `Payload/Example.app/${index}`,
      content: "",
    }));
    return writeZipWithoutZip64(archive, [...resources, { name: infoPath, content: minimal }]);
  };

  test("in linear time in the number of its files", async () => {
    for (const count of [10_000, 20_000, 40_000]) archiveOf(count); // made in advance, so that only reading is measured
    await assertLinearAsync((count) => readPackage(archiveOf(count)), 20_000);
  });
});

describe("an .ipa is refused", () => {
  const archives: [string, ZipMember[], string, RegExp][] = [
    [
      "without an Info.plist",
      [{ name: "Payload/Example.app/Example", base64: "" }],
      "package_incomplete",
      /no Payload\/….app\/Info.plist, so it is not an .ipa/,
    ],
    [
      "whose app is not in Payload",
      [{ name: "Example.app/Info.plist", plist: info }],
      "package_incomplete",
      /The app is not in a folder named Payload/,
    ],
    [
      "whose Payload is inside another folder",
      [{ name: "Example/Payload/Example.app/Info.plist", plist: info }],
      "package_incomplete",
      /Payload folder is inside another folder.*zip the Payload folder itself/,
    ],
    [
      "whose Payload has other capitals",
      [{ name: "payload/Example.app/Info.plist", plist: info }],
      "package_incomplete",
      /The archive contains the app, but devices look for Payload and Info.plist in exactly this case/,
    ],
    [
      "whose Info.plist has other capitals",
      [{ name: "Payload/Example.app/info.plist", plist: info }],
      "package_incomplete",
      /The archive contains the app, but devices look for Payload and Info.plist in exactly this case/,
    ],
    [
      "with backslashes between its folders",
      [{ name: "Payload\\Example.app\\Info.plist", plist: info }],
      "package_incomplete",
      /The names in the archive have backslashes between folders.*zip the Payload folder with a different program/,
    ],
    [
      "with an app for the Mac",
      [{ name: "Payload/Example.app/Contents/Info.plist", plist: info }],
      "package_incomplete",
      /contains an app for the Mac, which cannot be installed from an \.ipa: build a \.pkg with productbuild/,
    ],
    [
      "that is an archive of an .ipa",
      [{ name: "Example.ipa", base64: "" }],
      "package_incomplete",
      /contains an \.ipa and is not one itself: unzip it/,
    ],
    [
      "with a comment inside a value, which devices do not read",
      [{ name: infoPath, base64: base64(plistText("").replace("<string>", "<string><!-- -->")) }],
      "package_damaged",
      /a comment inside a value/,
    ],
    [
      "with an empty version",
      [{ name: infoPath, plist: { CFBundleIdentifier: "a", CFBundleVersion: " " } }],
      "package_incomplete",
      /no CFBundleVersion that is text or a number, and not empty/,
    ],
    ["that is empty", [], "package_incomplete", /not an .ipa/],
    [
      "with two apps",
      [
        { name: infoPath, plist: info },
        { name: "Payload/B.app/Info.plist", plist: info },
      ],
      "package_hostile",
      /several apps in its Payload: there must be exactly one/,
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
    ...(["CFBundleIdentifier", "CFBundleName", "CFBundleShortVersionString", "CFBundleVersion"] as const).flatMap(
      (key): [string, ZipMember[], string, RegExp][] => {
        const named = (text: string): string => base64(namedApp(key, text));
        return [
          [
            `whose ${key} has 1001 characters`,
            [{ name: infoPath, base64: named("x".repeat(1001)) }],
            "package_hostile",
            /more than 1000 characters/,
          ],
          [
            `whose ${key} has a control character`,
            [{ name: infoPath, base64: named("x\u001b[31m") }],
            "package_hostile",
            /contains a control character, which no app manifest can contain/,
          ],
        ];
      },
    ),
    [
      "with a path that climbs",
      [
        { name: "Payload/../../etc/passwd", base64: "" },
        { name: infoPath, plist: info },
      ],
      "package_hostile",
      /path leaves the archive/,
    ],
    [
      "with an absolute path",
      [
        { name: "/etc/passwd", base64: "" },
        { name: infoPath, plist: info },
      ],
      "package_hostile",
      /path leaves the archive/,
    ],
    [
      "with a backslash path",
      [
        { name: "..\\..\\evil", base64: "" },
        { name: infoPath, plist: info },
      ],
      "package_hostile",
      /path leaves the archive/,
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
      /has no CFBundleIdentifier that is text/,
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
    await assert.rejects(readPackage(ipa), refuses("package_damaged", /truncated or damaged/));
  });

  test("that is encrypted", async () => {
    const ipa = writeZip(path("encrypted.ipa"), [{ name: infoPath, plist: info }]);
    const bytes = readFileSync(ipa);
    bytes.writeUInt16LE(1, bytes.indexOf("PK\u0001\u0002") + 8);
    writeFileSync(ipa, bytes);
    await assert.rejects(
      readPackage(ipa),
      refuses("package_unsupported", /The \.ipa is encrypted: zip the app again, without a password/),
    );
  });

  test("that is compressed with another method than Xcode's", async () => {
    for (const [method, name] of [
      [1, "Shrink"],
      [9, "Deflate64"],
      [12, "BZIP2"],
      [14, "LZMA"],
      [93, "Zstandard"],
      [95, "XZ"],
      [98, "PPMd"],
      [77, "method 77"],
    ] as const) {
      const bytes = readFileSync(writeZip(path("method.ipa"), [{ name: infoPath, plist: info }]));
      bytes.writeUInt16LE(method, bytes.indexOf("PK\u0001\u0002") + 10);
      writeFileSync(path("method.ipa"), bytes);
      await assert.rejects(
        readPackage(path("method.ipa")),
        refuses(
          "package_unsupported",
          new RegExp(`compressed with ${name}: zip the app again with the Deflate method`),
        ),
      );
    }
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
    test(`that is truncated to ${kept * 100} %`, async () => {
      const bytes = readFileSync(writeZip(path("whole.ipa"), [{ name: infoPath, plist: info }]));
      writeFileSync(path("cut.ipa"), bytes.subarray(0, Math.floor(bytes.length * kept)));
      await assert.rejects(
        readPackage(path("cut.ipa")),
        refuses("package_damaged", /truncated or damaged: build or copy it again/),
      );
    });
  }

  const nested = Array.from({ length: 40 }, (_, index) => ({ array: [index + 1, index + 1] }));
  const plists: [string, string | Buffer][] = [
    ["is empty", ""],
    ["is prose", "Hello"],
    ["is XML but not a property list", "<a/>"],
    ["is not a dictionary", "<plist><array><string>a</string></array></plist>"],
    ["is XML truncated", "<plist><dict><key>CFBundleIdentifier</key>"],
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
    ["is a binary list that contains itself", makeBinaryPlist([{ array: [0] }])],
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
    ["is a binary list truncated", makeBinaryPlist([{ keys: [1], values: [1] }, "x"]).subarray(0, 30)],
    ["has a binary header alone", "bplist00"],
    ["is a binary list of another version", Buffer.from("bplist15".padEnd(60, "\u0000"))],
  ];
  for (const [name, bytes] of plists) {
    test(`whose Info.plist ${name}`, async () => {
      const elapsed = stopwatch();
      await assert.rejects(readPackage(ipaWith(bytes)), refuses("package_damaged", /Info\.plist cannot be read/));
      assert.ok(elapsed() < 10_000_000, "ten seconds of processor time");
    });
  }

  test("with a reason, whichever of its bytes is changed", async () => {
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
  const neither = /neither an .ipa \(zip\) nor a flat .pkg \(xar\)/;
  const others: [string, string | Buffer, RegExp][] = [
    ["that is empty", "", /The file is empty: copy it again/],
    ["of two bytes", "PK", neither],
    ["of text", "Hello, this is no package.", neither],
    ["that is a web page", "\n<!DOCTYPE html><title>Sign in</title>", /a web page, perhaps a sign-in page/],
    ["that is a manifest", '<?xml version="1.0"?><plist/>', /a property list or other XML/],
    ["that is a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", /run git lfs pull/],
    ["that is a gzip archive", Buffer.from([0x1f, 0x8b, 8, 0]), /in gzip format: unpack it/],
    ["that is a bzip2 archive", "BZh9", /in bzip2 format/],
    ["that is an xz archive", Buffer.from("fd377a585a00", "hex"), /in xz format/],
    ["that is a 7-Zip archive", Buffer.from("377abcaf271c", "hex"), /in 7-Zip format/],
    ["that has the signature of a 7-Zip archive after its first byte", Buffer.from("20377abcaf271c", "hex"), neither],
    ["that is a RAR archive", "Rar!\u001a\u0007", /in RAR format/],
    ["that is an empty disk image", `koly${"\u0000".repeat(508)}`, /a disk image/],
    [
      "that is a disk image",
      `${"\u0000".repeat(99)}koly${"\u0000".repeat(508)}`,
      /a disk image: open it, and pass the \.pkg in it/,
    ],
  ];
  for (const [name, content, message] of others) {
    test(name, async () => {
      writeFileSync(path("other"), content);
      await assert.rejects(readPackage(path("other")), refuses("package_unknown", message));
    });
  }

  test("that is a folder, a device, a socket or a pipe, without waiting for a writer", async () => {
    mkdirSync(path("bundle.pkg"));
    execFileSync("mkfifo", [path("pipe.ipa")]);
    symlinkSync("/dev/zero", path("zeros.ipa"));
    const server = createServer().listen(path("socket.ipa"));
    await once(server, "listening");
    for (const name of ["bundle.pkg", "pipe.ipa", "zeros.ipa", "socket.ipa"]) {
      await assert.rejects(
        readPackage(path(name)),
        refuses("file_not_regular", /a folder, pipe or device, not a regular file: pass an .ipa/),
      );
      await assert.rejects(hashFile(path(name)), refuses("file_not_regular", /not a regular file/));
    }
    server.close();
  });

  test("that does not exist, with Node's error", async () => {
    await assert.rejects(readPackage(path("missing.ipa")), { code: "ENOENT" });
  });
});
