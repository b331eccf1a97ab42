import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { deflateSync } from "node:zlib";
import { isIssuerError, readPackage } from "@portcullis/issuer";
import { readDistribution } from "../../packages/issuer/src/package/distribution.ts";
import { assertLinear } from "../support/assert-linear.ts";
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

async function describePkg(files: Record<string, string | Buffer>, flaws: XarFlaws = signature) {
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
    assert.match(warnings[0]?.message ?? "", /MDM installs only signed packages: sign it with productsign/);
  });

  test("without a warning, if it is a signed distribution", async () => {
    assert.deepEqual((await describePkg({ Distribution: distribution })).warnings, []);
  });

  test("by the package's own names, if it contains no app", async () => {
    const { metadata, apps } = await describePkg({ Distribution: withoutApps });
    assert.deepEqual(apps, []);
    assert.deepEqual(metadata, {
      title: "Example & Söhne",
      bundleIdentifier: "com.example.product",
      bundleVersion: "1.2",
    });
  });

  test("by the package's own names, with a warning, if it contains several apps", async () => {
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

  test("by its PackageInfo, with a warning that it is not a distribution", async () => {
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

  test("with other names that are not UTF-8, which xar writes in base64", async () => {
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

describe("the title of a .pkg that is the key of a translation", () => {
  const keyed = (title: string, strings = "") =>
    withoutApps.replace(/<title>.*<\/title>/, `<title>${title}</title><localization>${strings}</localization>`);
  const utf16 = (text: string) => Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(text, "utf16le")]);

  /** `Resources/LANGUAGE.lproj/Localizable.strings` for each language. */
  async function titleOf(title: string, files: Record<string, string | Buffer>, strings?: string): Promise<string> {
    let offset = 0;
    const stored: Record<string, string | Buffer> = {};
    const folders = Object.entries(files).map(([language, content]) => {
      const { length } = deflateSync(content);
      stored[`stored-${language}`] = content;
      const style = content.toString().startsWith("BZh") ? "application/x-bzip2" : "application/x-gzip";
      const file = `<file><name>Localizable.strings</name><data><offset>${offset}</offset><length>${length}</length><size>${Buffer.byteLength(content)}</size><encoding style="${style}"/></data></file>`;
      offset += length;
      return `<file><name>${language}.lproj</name>${file}</file>`;
    });
    const extraToc = `${signature.extraToc}<file><name>Resources</name>${folders.join("")}</file>`;
    return (await describePkg({ ...stored, Distribution: keyed(title, strings) }, { extraToc })).metadata.title;
  }

  const plist = (name: string) =>
    `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>SU_TITLE</key><string>${name}</string></dict></plist>`;
  const inDistribution = (language: string, name: string) =>
    `<strings language="${language}">"SU_TITLE" = "${name}"; "SU_SERVERCOMMENT" = "x";</strings>`;
  for (const [where, title, files, strings, expected] of [
    ["the Distribution", "SU_TITLE", {}, inDistribution("English", "Xcode"), "Xcode"],
    [
      "the Distribution, in CDATA",
      "SU_TITLE",
      {},
      '<strings language="en"><![CDATA["SU_TITLE"="A & B";]]></strings>',
      "A & B",
    ],
    [
      "the Distribution, in English and others",
      "SU_TITLE",
      {},
      inDistribution("de", "Zwei") + inDistribution("en", "Two"),
      "Two",
    ],
    ["the Distribution, not in English", "SU_TITLE", {}, inDistribution("de", "Söhne"), "Söhne"],
    ["a file in UTF-16", "SU_TITLE", { en: utf16('/* Title */\n"SU_TITLE" = "Söhne";\n') }, "", "Söhne"],
    ["a file in UTF-8", "SU_TITLE", { English: '"SU_TITLE" = "Söhne";' }, "", "Söhne"],
    ["a property list as XML", "SU_TITLE", { en: plist("Söhne") }, "", "Söhne"],
    ["a file in British English", "SU_TITLE", { de: '"SU_TITLE"="Zwei";', en_GB: '"SU_TITLE"="Two";' }, "", "Two"],
    ["a file of the base language", "SU_TITLE", { Base: 'SU_TITLE = "Two";' }, "", "Two"],
    ["a file in Japanese only", "SU_TITLE", { ja: utf16('"SU_TITLE" = "日本";') }, "", "日本"],
    ["a file, for a key in lower case", "product.title", { en: '"product.title" = "Two";' }, "", "Two"],
    ["a file, for a key with spaces", "Example Product", { en: '"Example Product" = "Example 2";' }, "", "Example 2"],
    ["a file beside a damaged one", "SU_TITLE", { en: '"SU_TITLE" = ', fr: '"SU_TITLE" = "Deux";' }, "", "Deux"],
    ["a file beside one of another compression", "SU_TITLE", { en: "BZh", fr: '"SU_TITLE" = "Deux";' }, "", "Deux"],
    ["no file: a key", "SU_TITLE", { en: '"OTHER" = "x";' }, "", "Example 1.2"],
    ["no file: a name", "Example", { en: '"OTHER" = "x";' }, "", "Example"],
    ["no file: a name that ends like a key", "notes_APP", { en: '"OTHER" = "x";' }, "", "notes_APP"],
    ["no file: a name that begins like a key", "APP_notes", { en: '"OTHER" = "x";' }, "", "APP_notes"],
    ["an empty text", "SU_TITLE", { en: '"SU_TITLE" = "";' }, "", "Example 1.2"],
    ["a name of every object", "constructor", { en: '"OTHER" = "x";' }, "", "constructor"],
  ] as const) {
    test(`is translated by ${where}`, async () => assert.equal(await titleOf(title, files, strings), expected));
  }
});

describe("the identity of a .pkg", () => {
  interface Part {
    readonly info: string;
    readonly bundles?: string;
    readonly location?: string;
  }
  const app = (name: string, id: string, version: string) =>
    `<bundle path="${name}" id="${id}" CFBundleShortVersionString="${version}" CFBundleVersion="${version}.0"/>`;

  /** The files named `x.pkg/PackageInfo` of a distribution, as the nested elements that a hand-made archive needs. */
  async function describeDistribution(body: string, parts: Record<string, Part> = {}) {
    let offset = 0;
    const files: Record<string, string> = {};
    let extraToc = signature.extraToc;
    for (const [name, { info, bundles = "", location }] of Object.entries(parts)) {
      const at = location === undefined ? "" : ` install-location="${location}"`;
      const content = `<pkg-info ${info}${at}>${bundles}</pkg-info>`;
      const { length } = deflateSync(content);
      files[`stored-${name}`] = content;
      extraToc += `<file><name>${name}</name><file><name>PackageInfo</name><data><offset>${offset}</offset><length>${length}</length><size>${Buffer.byteLength(content)}</size><encoding style="application/x-gzip"/></data></file></file>`;
      offset += length;
    }
    return describePkg(
      { ...files, Distribution: `<installer-gui-script>${body}</installer-gui-script>` },
      { extraToc },
    );
  }
  const nameOf = ({ metadata }: { metadata: { bundleIdentifier: string; bundleVersion: string } }) =>
    `${metadata.bundleIdentifier} ${metadata.bundleVersion}`;
  const outline = (...ids: string[]) =>
    `<choices-outline>${ids.map((id) => `<line choice="${id}"/>`).join("")}</choices-outline>` +
    ids.map((id) => `<choice id="${id}"><pkg-ref id="${id}"/></choice>`).join("");

  test("is the product's, before any component's", async () => {
    const body =
      '<product id="product" version="3"/><pkg-ref id="a" packageIdentifier="b" version="1">#a.pkg</pkg-ref>';
    assert.equal(
      nameOf(await describeDistribution(body, { "a.pkg": { info: 'identifier="c" version="2"' } })),
      "product 3",
    );
  });

  test("is the packageIdentifier, then the PackageInfo's, then the id", async () => {
    const parts = { "a b.pkg": { info: 'identifier="com.example.info" version="1"' } };
    const reference = (attributes: string, text = "#a%20b.pkg") => `<pkg-ref id="a" ${attributes}>${text}</pkg-ref>`;
    const named = await describeDistribution(reference('packageIdentifier="com.example.named" version="1"'), parts);
    assert.equal(nameOf(named), "com.example.named 1");
    assert.equal(nameOf(await describeDistribution(reference('version="1"'), parts)), "com.example.info 1");
    assert.equal(nameOf(await describeDistribution(reference('version="1"', ""))), "a 1");
  });

  test("is the main component's if the product has a version but no identifier, as in Microsoft Teams", async () => {
    const body = `<product version="9"/><pkg-ref id="a" version="1"/>${outline("a")}`;
    assert.equal(nameOf(await describeDistribution(body)), "a 1");
  });

  test("never joins the identifier of one component with the version of another", async () => {
    const body = '<pkg-ref id="a">#a.pkg</pkg-ref><pkg-ref id="b" version="2">#b.pkg</pkg-ref>';
    const parts = { "a.pkg": { info: 'identifier="a" version="1"' }, "b.pkg": { info: 'identifier="b" version="2"' } };
    assert.equal(nameOf(await describeDistribution(body + outline("a", "b"), parts)), "a 1");
    assert.equal(nameOf(await describeDistribution(body + outline("b", "a"), parts)), "b 2");
  });

  test("follows the choices outline, nested or not, without choices that are off by default", async () => {
    const body = `<pkg-ref id="helper" version="1"/><pkg-ref id="main" version="2"/><pkg-ref id="extra" version="3"/>`;
    assert.equal(nameOf(await describeDistribution(body + outline("main", "helper"))), "main 2");
    const nested = `<choices-outline><line choice="all"><line choice="main"/></line><line choice="helper"/></choices-outline>
      <choice id="all"/><choice id="main"><pkg-ref id="main"/></choice><choice id="helper"><pkg-ref id="helper"/></choice>`;
    assert.equal(nameOf(await describeDistribution(body + nested)), "main 2");
    const optional = outline("extra", "main").replace(
      '<choice id="extra">',
      '<choice id="extra" start_selected="false">',
    );
    assert.equal(nameOf(await describeDistribution(body + optional)), "main 2");
  });

  test("is that of the component with the app, not of an earlier helper, if there is no outline", async () => {
    const body =
      '<pkg-ref id="helper" version="1">#helper.pkg</pkg-ref><pkg-ref id="main" version="2">#main.pkg</pkg-ref>';
    const parts = {
      "helper.pkg": {
        info: 'identifier="helper" version="1"',
        location: "/Library/Application Support/Example",
        bundles: app("./Updater.app", "com.example.updater", "1"),
      },
      "main.pkg": {
        info: 'identifier="main" version="2"',
        location: "/Applications",
        bundles: app("./Example.app", "com.example.app", "2"),
      },
    };
    const generated = outline("helper", "main").replaceAll("<choice id", '<choice visible="false" id');
    for (const order of ["", generated]) {
      const described = await describeDistribution(body + order, parts);
      assert.equal(nameOf(described), "main 2");
      assert.deepEqual(described.apps.map(({ title }) => title).sort(), ["Example", "Updater"]);
    }
  });

  test("is that of the largest component if none has an app", async () => {
    const body =
      '<pkg-ref id="helper" version="1" installKBytes="5"/><pkg-ref id="main" version="2" installKBytes="5000"/>';
    assert.equal(nameOf(await describeDistribution(body)), "main 2");
  });

  test("is not that of the only app if a helper component contains it", async () => {
    const body = `<pkg-ref id="main" version="2"/><pkg-ref id="helper" version="1"><bundle-version>${app("Helper.app", "com.example.helper", "1")}</bundle-version></pkg-ref>`;
    const described = await describeDistribution(body + outline("main", "helper"));
    assert.equal(nameOf(described), "main 2");
    assert.deepEqual(
      described.apps.map(({ title }) => title),
      ["Helper"],
    );
  });

  test("is that of the app at the install location itself, not of a helper inside it", async () => {
    const helper = app("./Contents/Library/LoginItems/Helper.app", "com.example.helper", "9");
    const info = (bundles: string) =>
      `<pkg-info identifier="com.example.app" version="1.2" install-location="/Applications/Example.app">${bundles}</pkg-info>`;
    const described = await describePkg({ PackageInfo: info(helper) });
    assert.deepEqual(described.apps, [{ title: "Example", bundleIdentifier: "com.example.app", bundleVersion: "1.2" }]);
    assert.deepEqual([nameOf(described), described.metadata.title], ["com.example.app 1.2", "Example"]);
    const listed = await describePkg({ PackageInfo: info(helper + app("./", "com.example.own", "1.3")) });
    assert.deepEqual(
      listed.apps.map(({ bundleIdentifier }) => bundleIdentifier),
      ["com.example.own"],
    );
  });

  test("finds the outermost app after joining the install location", async () => {
    const body = '<pkg-ref id="a" version="1">#a.pkg</pkg-ref><pkg-ref id="b" version="1">#b.pkg</pkg-ref>';
    const parts = {
      "a.pkg": {
        info: 'identifier="a" version="1"',
        location: "/Applications/Example.app/Contents/Helpers",
        bundles: app("./Inner.app", "inner", "1"),
      },
      "b.pkg": {
        info: 'identifier="b" version="1"',
        location: "/",
        bundles: app("./Applications/Example.APP/", "com.example.app", "2"),
      },
    };
    const described = await describeDistribution(body, parts);
    assert.deepEqual(
      described.apps.map(({ title }) => title),
      ["Example"],
    );
    assert.equal(nameOf(described), "com.example.app 2");
  });

  test("reads bundles declared inside a bundle-version of a PackageInfo", async () => {
    const info = `<pkg-info identifier="a" version="1"><bundle-version>${app("./Applications/Example.app", "com.example.app", "2")}</bundle-version></pkg-info>`;
    assert.equal(nameOf(await describePkg({ PackageInfo: info })), "com.example.app 2");
  });

  test("gives an app without a version its package's version", async () => {
    const info = '<pkg-info identifier="a" version="1"><bundle path="./Example.app" id="com.example.app"/></pkg-info>';
    assert.equal(nameOf(await describePkg({ PackageInfo: info })), "com.example.app 1");
  });

  test("takes linear time in the title, the outline and the references", async () => {
    const bodies: ((count: number) => string)[] = [
      (count) => `<title>${"A_".repeat(count)}a</title><product id="a" version="1"/>`,
      (count) =>
        `<pkg-ref id="a" version="1"/><choices-outline>${'<line choice="a"/>'.repeat(count / 20)}</choices-outline><choice id="a">${'<pkg-ref id="a"/>'.repeat(count / 20)}</choice>`,
      (count) => Array.from({ length: count / 20 }, (_, index) => `<pkg-ref id="${index}" version="1"/>`).join(""),
      (count) => `<pkg-ref id="a" version="1">${"#".repeat(count)}</pkg-ref>`,
      (count) => `<pkg-ref id="a" version="1"><bundle id="a" path="${"/a.app".repeat(count / 6)}"/></pkg-ref>`,
    ];
    for (const body of bodies) {
      assertLinear((count) => void readDistribution(Buffer.from(`<a>${body(count)}</a>`)), 400_000);
      await describeDistribution(body(200_000)).catch(
        refuses("package_hostile", /title has more than 1000 characters/),
      );
    }
  });
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
      "whose file is declared huge",
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
      /lacks the offset/,
    ],
    [
      "whose file has no length",
      { Distribution: distribution },
      xml("<offset>0</offset><size>5</size>"),
      "package_damaged",
      /lacks the length/,
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
    ["with a name that climbs", { "..": "x" }, {}, "package_hostile", /path leaves the archive/],
    ["with a slash in a name", { "../../etc/passwd": "x" }, {}, "package_hostile", /path leaves the archive/],
    [
      "with two files of one name",
      {},
      {
        extraToc: "<file><name>a</name><data><offset>0</offset><length>0</length><size>0</size></data></file>".repeat(
          2,
        ),
      },
      "package_hostile",
      /two files with the same name/,
    ],
    [
      "with folders nested too deeply",
      {},
      { extraToc: "<file><name>a</name>".repeat(40) + "</file>".repeat(40) },
      "package_hostile",
      /nested more than 32 levels deep/,
    ],
    [
      "with a path that many files make huge",
      {},
      { extraToc: `<file><name>${"a".repeat(2_000_000)}</name>${"<file><name>b</name></file>".repeat(50_000)}</file>` },
      "package_hostile",
      /a path of more than 1024 characters/,
    ],
    [
      "whose contents are not the UTF-8 that they should be",
      {},
      { toc: Buffer.from("<xar><toc><file><name>S\xF6hne</name></file></toc></xar>", "latin1") },
      "package_damaged",
      /no readable table of contents/,
    ],
    ["whose contents are not XML", {}, { toc: "Hello" }, "package_damaged", /no readable table of contents/],
    [
      "whose contents declare entities",
      {},
      { toc: '<!DOCTYPE xar [<!ENTITY a "b">]><xar><toc/></xar>' },
      "package_damaged",
      /no readable table of contents/,
    ],
    ["whose contents are declared huge", {}, { declaredTocSize: 1n << 40n }, "package_hostile", /more than 4 MiB/],
    ["whose contents unpack to more than declared", {}, { declaredTocSize: 10n }, "package_hostile", /unpacks to more/],
    ["whose contents unpack to less than declared", {}, { declaredTocSize: 9999n }, "package_damaged", /damaged/],
    [
      "whose contents are declared longer than the file",
      {},
      { declaredTocLength: 9999n },
      "package_damaged",
      /damaged/,
    ],
    [
      "whose contents are declared absurdly long",
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

  test("whose component descriptions are oversized", async () => {
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
    await assert.rejects(readPackage(path("components.pkg")), refuses("package_hostile", /more than 8 MiB/));
  });

  test("that is only a header", async () => {
    writeFileSync(path("header.pkg"), "xar!");
    await assert.rejects(readPackage(path("header.pkg")), refuses("package_damaged", /truncated/));
  });

  test("with a reason, whichever of its bytes is changed", async () => {
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
