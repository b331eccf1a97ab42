import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { deflateSync } from "node:zlib";
import { isIssuerError, readPackage } from "@portcullis/issuer";
import { makeXar, type XarFlaws } from "../support/packages.ts";
import { temporaryFiles } from "../support/temporary-folder.ts";

const path = temporaryFiles();

const appBundle = `<bundle id="com.example.app" CFBundleShortVersionString="1.2.3" CFBundleVersion="456" path="Applications/Example.app"/>`;
const distribution = `<?xml version="1.0" encoding="utf-8"?>
<installer-gui-script minSpecVersion="2">
  <title>Example &amp; Söhne</title>
  <pkg-ref id="com.example.pkg"><bundle-version>${appBundle}
    <bundle id="com.example.helper" CFBundleVersion="1" path="Applications/Example.app/Contents/Helper.app"/>
    <bundle id="com.example.kit" CFBundleVersion="1" path="Library/Kit.framework"/>
  </bundle-version></pkg-ref>
  <product id="com.example.product" version="1.2"/>
  <choice id="com.example.pkg"><pkg-ref id="com.example.pkg"/></choice>
  <pkg-ref id="com.example.pkg" version="1.2.9" onConclusion="none">#example.pkg</pkg-ref>
</installer-gui-script>`;
const packageInfo = `<?xml version="1.0" encoding="utf-8"?>
<pkg-info format-version="2" identifier="com.example.pkg" version="1.2.9" install-location="/Applications">
  <payload numberOfFiles="3" installKBytes="9"/>
  <bundle path="./Example.app" id="com.example.app" CFBundleShortVersionString="1.2.3" CFBundleVersion="456"/>
</pkg-info>`;
const withoutApps = distribution.replace(/<bundle .*\/>/g, "");
const signature = {
  extraToc: '<signature style="RSA"><offset>0</offset><size>256</size></signature>',
};

async function describePkg(files: Record<string, string>, flaws: XarFlaws = signature) {
  writeFileSync(path("Example 1.2.pkg"), makeXar(files, flaws));
  return readPackage(path("Example 1.2.pkg"));
}

const refuses = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(isIssuerError(error), String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};

describe("a .pkg is described", () => {
  const app = {
    title: "Example",
    bundleIdentifier: "com.example.app",
    bundleVersion: "1.2.3",
    build: "456",
  };

  test("by its Distribution, with a warning if it is not signed", async () => {
    const { warnings, ...described } = await describePkg({ Distribution: distribution }, {});
    assert.deepEqual(described, {
      kind: "pkg",
      metadata: {
        title: "Example & Söhne",
        bundleIdentifier: "com.example.app",
        bundleVersion: "1.2.3",
      },
      build: "456",
      apps: [app],
    });
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["not_signed"],
    );
    assert.match(warnings[0]?.message ?? "", /MDM installs only signed ones: productsign signs it/);
  });

  test("without a warning, if it is a signed distribution", async () => {
    assert.deepEqual((await describePkg({ Distribution: distribution })).warnings, []);
  });

  test("by the package's own names, if it holds no app", async () => {
    const { metadata, apps } = await describePkg({ Distribution: withoutApps });
    assert.deepEqual(apps, []);
    assert.deepEqual(metadata, {
      title: "Example & Söhne",
      bundleIdentifier: "com.example.product",
      bundleVersion: "1.2",
    });
  });

  test("by the package's own names, with a warning, if it holds several apps", async () => {
    const two = distribution.replace(
      appBundle,
      `${appBundle}<bundle id="com.example.two" CFBundleVersion="2" path="Applications/Two.app/"/>`,
    );
    const { metadata, apps, warnings, build } = await describePkg({ Distribution: two });
    assert.deepEqual(
      apps.map(({ title, bundleVersion }) => [title, bundleVersion]),
      [
        ["Example", "1.2.3"],
        ["Two", "2"],
      ],
    );
    assert.deepEqual(
      [metadata.bundleIdentifier, metadata.bundleVersion, build],
      ["com.example.product", "1.2", undefined],
    );
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["several_apps"],
    );
  });

  test("by its pkg-ref, if its Distribution names no product", async () => {
    const { metadata } = await describePkg({
      Distribution: withoutApps.replace(/<product .*\/>/, ""),
    });
    assert.deepEqual([metadata.bundleIdentifier, metadata.bundleVersion], ["com.example.pkg", "1.2.9"]);
  });

  test("by its PackageInfo, with a warning that it is no distribution", async () => {
    const { metadata, warnings } = await describePkg({ PackageInfo: packageInfo });
    assert.deepEqual(metadata, {
      title: "Example",
      bundleIdentifier: "com.example.app",
      bundleVersion: "1.2.3",
    });
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["not_a_distribution"],
    );
    assert.match(warnings[0]?.message ?? "", /productbuild --package component.pkg distribution.pkg/);
  });

  test("with names that are no UTF-8 beside it, which xar writes in base64", async () => {
    const extraToc = '<file><name enctype="base64">/++/</name><type>file</type></file>';
    const { metadata } = await describePkg({ Distribution: distribution }, { extraToc });
    assert.equal(metadata.bundleIdentifier, "com.example.app");
  });

  for (const title of ["", "<title>PRODUCT_TITLE</title>", "<title> </title>"]) {
    test(`by its file's name, if its title is ${JSON.stringify(title)}`, async () => {
      const untitled = withoutApps.replace(/<title>.*<\/title>/, title);
      assert.equal((await describePkg({ Distribution: untitled })).metadata.title, "Example 1.2");
    });
  }
});

describe("a .pkg is refused", () => {
  const xml = (data: string) => ({ ...signature, data });
  const bad: [string, Record<string, string>, XarFlaws, string, RegExp][] = [
    [
      "without Distribution and PackageInfo",
      { Payload: "x" },
      {},
      "package_incomplete",
      /neither a Distribution nor a PackageInfo/,
    ],
    [
      "without an identifier",
      { PackageInfo: '<pkg-info version="1"/>' },
      {},
      "package_incomplete",
      /no identifier: build it with pkgbuild --identifier/,
    ],
    [
      "without a version",
      { PackageInfo: '<pkg-info identifier="a"/>' },
      {},
      "package_incomplete",
      /no version: build it with pkgbuild --version/,
    ],
    [
      "whose Distribution is no XML",
      { Distribution: "Hello" },
      {},
      "package_damaged",
      /Distribution in the .pkg cannot be read/,
    ],
    [
      "whose Distribution declares entities",
      { Distribution: '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>' },
      {},
      "package_damaged",
      /cannot be read/,
    ],
    [
      "whose Distribution is a bomb",
      { Distribution: "x".repeat(5 * 1024 * 1024) },
      {},
      "package_hostile",
      /unpacks to more than 4 MiB/,
    ],
    [
      "whose file unpacks to more than it says",
      { Distribution: distribution },
      xml(`<offset>0</offset><length>300</length><size>10</size><encoding style="application/x-gzip"/>`),
      "package_hostile",
      /unpacks to more/,
    ],
    [
      "whose file unpacks to less than it says",
      { Distribution: "<a/>" },
      xml(`<offset>0</offset><length>12</length><size>1000</size><encoding style="application/x-gzip"/>`),
      "package_damaged",
      /truncated or damaged/,
    ],
    [
      "whose file does not unpack",
      { Distribution: distribution },
      xml(`<offset>3</offset><length>50</length><size>50</size><encoding style="application/x-gzip"/>`),
      "package_damaged",
      /damaged/,
    ],
    [
      "whose file lies beyond the end",
      { Distribution: distribution },
      xml("<offset>999999</offset><length>5</length><size>5</size>"),
      "package_damaged",
      /damaged/,
    ],
    [
      "whose file is said to be huge",
      { Distribution: distribution },
      xml("<offset>0</offset><length>99999999999</length><size>5</size>"),
      "package_hostile",
      /more than 4 MiB/,
    ],
    [
      "whose offset is negative",
      { Distribution: distribution },
      xml("<offset>-5</offset><length>5</length><size>5</size>"),
      "package_damaged",
      /does not say the offset/,
    ],
    [
      "whose file has no length",
      { Distribution: distribution },
      xml("<offset>0</offset><size>5</size>"),
      "package_damaged",
      /does not say the length/,
    ],
    [
      "whose checksum is wrong",
      { Distribution: "<a/>" },
      xml(
        `<offset>0</offset><length>12</length><size>4</size><encoding style="application/x-gzip"/><extracted-checksum style="sha1">${"0".repeat(40)}</extracted-checksum>`,
      ),
      "package_damaged",
      /damaged/,
    ],
    [
      "whose file is shorter than it says",
      { Distribution: "<a/>" },
      xml("<offset>0</offset><length>12</length><size>4</size>"),
      "package_damaged",
      /damaged/,
    ],
    [
      "that is compressed with bzip2",
      { Distribution: distribution },
      xml('<offset>0</offset><length>5</length><size>5</size><encoding style="application/x-bzip2"/>'),
      "package_unsupported",
      /build it with productbuild/,
    ],
    ["with a name that climbs", { "..": "x" }, {}, "package_hostile", /path leads out of it/],
    ["with a slash in a name", { "../../etc/passwd": "x" }, {}, "package_hostile", /path leads out of it/],
    [
      "with two files of one name",
      {},
      {
        extraToc: "<file><name>a</name><data><offset>0</offset><length>0</length><size>0</size></data></file>".repeat(
          2,
        ),
      },
      "package_hostile",
      /two files of one name/,
    ],
    [
      "with folders nested without end",
      {},
      { extraToc: "<file><name>a</name>".repeat(40) + "</file>".repeat(40) },
      "package_hostile",
      /nested without end/,
    ],
    ["whose contents are no XML", {}, { toc: "Hello" }, "package_damaged", /no readable table of contents/],
    [
      "whose contents declare entities",
      {},
      { toc: '<!DOCTYPE xar [<!ENTITY a "b">]><xar><toc/></xar>' },
      "package_damaged",
      /no readable table of contents/,
    ],
    ["whose contents are said to be huge", {}, { declaredTocSize: 1n << 40n }, "package_hostile", /more than 4 MiB/],
    ["whose contents unpack to more than is said", {}, { declaredTocSize: 10n }, "package_hostile", /unpacks to more/],
    ["whose contents unpack to less than is said", {}, { declaredTocSize: 9999n }, "package_damaged", /damaged/],
    [
      "whose contents are said to be longer than the file",
      {},
      { declaredTocLength: 9999n },
      "package_damaged",
      /damaged/,
    ],
    [
      "whose contents are said to be absurdly long",
      {},
      { declaredTocLength: (1n << 64n) - 1n },
      "package_hostile",
      /more than 4 MiB/,
    ],
  ];
  for (const [name, files, flaws, code, message] of bad) {
    test(name, async () => {
      await assert.rejects(describePkg(files, flaws), refuses(code, message));
    });
  }

  test("whose components are described at endless length", async () => {
    const stored = `<pkg-info>${" ".repeat(3 * 1024 * 1024)}</pkg-info>`;
    const { length } = deflateSync(stored);
    const size = stored.length;
    const component = (name: string) =>
      `<file><name>${name}.pkg</name><file><name>PackageInfo</name><data><offset>0</offset><length>${length}</length><size>${size}</size><encoding style="application/x-gzip"/></data></file></file>`;
    const pkg = makeXar(
      { a: stored, Distribution: distribution },
      { extraToc: ["a", "b", "c"].map(component).join("") },
    );
    writeFileSync(path("components.pkg"), pkg);
    await assert.rejects(readPackage(path("components.pkg")), refuses("package_hostile", /in more than 8 MiB/));
  });

  test("that is a header alone", async () => {
    writeFileSync(path("header.pkg"), "xar!");
    await assert.rejects(readPackage(path("header.pkg")), refuses("package_damaged", /truncated/));
  });

  test("never otherwise than with a reason, whichever byte of it is changed", async () => {
    const bytes = makeXar({ Distribution: '<a><product id="a" version="1"/></a>' });
    let refused = 0;
    for (let index = 4; index < bytes.length; index += 1) {
      for (const value of [0x00, 0xff]) {
        const changed = Buffer.from(bytes);
        changed[index] = value;
        writeFileSync(path("changed.pkg"), changed);
        try {
          await readPackage(path("changed.pkg"));
        } catch (error) {
          assert.ok(isIssuerError(error), `byte ${index}: ${error}`);
          refused += 1;
        }
      }
    }
    assert.ok(refused > 100, `${refused} refused`);
  });
});
