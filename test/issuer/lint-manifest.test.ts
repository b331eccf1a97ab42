import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lintManifest, type ManifestReport } from "@portcullis/issuer";
import fc from "fast-check";
import plist, { type PlistValue } from "plist";
import { stopwatch } from "../support/assert-linear.ts";
import { python } from "../support/python.ts";

type Dictionary = Record<string, unknown>;

const sound = {
  items: [
    {
      assets: [
        {
          kind: "software-package",
          url: "https://example.com/a.pkg?token=aaa.bbb.ccc",
          "sha256-size": 10485760,
          sha256s: ["ab".repeat(32)],
        } as Dictionary,
      ],
      metadata: {
        "bundle-identifier": "com.example.app",
        "bundle-version": "1.0",
        kind: "software",
        title: "Example",
      } as Dictionary,
    },
  ],
};

type Sound = typeof sound;

type Change = (manifest: { asset: Dictionary; metadata: Dictionary; whole: Sound }) => unknown;

/** Changes a copy of the valid manifest and checks it; by default, the manifest of an app for iPhones. */
function lintWith(change: Change, extension = "ipa"): ManifestReport {
  const whole = JSON.parse(JSON.stringify(sound).replace("a.pkg", `a.${extension}`)) as Sound;
  const [{ assets: [asset = {}] = [], metadata = {} } = {}] = whole.items;
  const replaced = change({ asset, metadata, whole });
  const value = replaced === undefined ? whole : replaced;
  const report = lintManifest(plist.build(value as PlistValue), { expectTokens: true });
  for (const { message } of [...report.errors, ...report.warnings]) assert.match(message, /^[A-Z&].+\.$/s);
  return report;
}

/** Errors and warnings, each as `code path`. */
function shortly({ errors, warnings }: ManifestReport): { errors: string[]; warnings: string[] } {
  const line = ({ code, path }: { code: string; path: string }) => `${code} ${path}`;
  return { errors: errors.map(line), warnings: warnings.map(line) };
}

const inAsset = "items[0].assets[0]";
const inMetadata = "items[0].metadata";

describe("a manifest", () => {
  test("that is valid has no findings", () => {
    assert.deepEqual(
      lintWith(() => undefined),
      { valid: true, errors: [], warnings: [] },
    );
  });

  const wrong: [string, Change, string[]][] = [
    ["is an array", () => ["a", "b"], ["type_wrong "]],
    ["has no items", () => ({}), ["key_missing "]],
    ["has items that are not an array", () => ({ items: "x" }), ["type_wrong items"]],
    ["has no item", () => ({ items: [] }), ["value_empty items"]],
    ["has an item that is not a dictionary", () => ({ items: ["x"] }), ["type_wrong items[0]"]],
    ["has an empty item", () => ({ items: [{}] }), ["key_missing items[0]", "key_missing items[0]"]],
    ["has no metadata", ({ whole }) => void delete (whole.items[0] as Dictionary).metadata, ["key_missing items[0]"]],
    ["has no assets in an item", ({ whole }) => void whole.items[0]?.assets.splice(0), ["value_empty items[0].assets"]],
    [
      "has no package",
      ({ asset }) => void Object.assign(asset, { kind: "display-image" }),
      ["package_missing items[0].assets"],
    ],
    [
      "has an unknown kind of asset",
      ({ asset }) => void Object.assign(asset, { kind: "x" }),
      [`value_not_allowed ${inAsset}.kind`, "package_missing items[0].assets"],
    ],
    ["has an asset without a URL", ({ asset }) => void delete asset.url, [`key_missing ${inAsset}`]],
    [
      "has an http URL",
      ({ asset }) => void Object.assign(asset, { url: "http://example.com/a?token=a" }),
      [`url_not_https ${inAsset}.url`],
    ],
    [
      "has a file URL",
      ({ asset }) => void Object.assign(asset, { url: "file:///a" }),
      [`url_not_https ${inAsset}.url`],
    ],
    ["has a relative URL", ({ asset }) => void Object.assign(asset, { url: "a.pkg" }), [`url_unusable ${inAsset}.url`]],
    [
      "has a space in a URL",
      ({ asset }) => void Object.assign(asset, { url: "https://example.com/a b" }),
      [`url_unusable ${inAsset}.url`],
    ],
    [
      "has a password in a URL",
      ({ asset }) => void Object.assign(asset, { url: "https://a:b@example.com/" }),
      [`url_unusable ${inAsset}.url`],
    ],
    [
      "has two tokens in a URL",
      ({ asset }) => void Object.assign(asset, { url: "https://example.com/?token=a&token=a" }),
      [`token_repeated ${inAsset}.url`],
    ],
    ["has a URL that is a number", ({ asset }) => void Object.assign(asset, { url: 1 }), [`type_wrong ${inAsset}.url`]],
    [
      "has a short hash",
      ({ asset }) => void Object.assign(asset, { sha256s: ["ab"] }),
      [`hash_malformed ${inAsset}.sha256s`],
    ],
    [
      "has no hash in its list",
      ({ asset }) => void Object.assign(asset, { sha256s: [] }),
      [`hash_malformed ${inAsset}.sha256s`],
    ],
    [
      "has hashes that are no strings",
      ({ asset }) => void Object.assign(asset, { sha256s: [1] }),
      [`hash_malformed ${inAsset}.sha256s`],
    ],
    [
      "has chunk hashes without their size",
      ({ asset }) => void delete asset["sha256-size"],
      [`hash_incomplete ${inAsset}`],
    ],
    [
      "has a chunk size of 0",
      ({ asset }) => void Object.assign(asset, { "sha256-size": 0 }),
      [`type_wrong ${inAsset}.sha256-size`],
    ],
    [
      "has a malformed MD5 and no SHA-256",
      ({ asset }) => withoutSha256(asset, { md5: "xyz" }),
      [`hash_malformed ${inAsset}.md5`],
    ],
    [
      "has two different hashes of the whole file",
      ({ asset }) => void Object.assign(asset, { sha256: "cd".repeat(32) }),
      [`hash_conflict ${inAsset}`],
    ],
    [
      "has two different hashes of one file in two assets",
      ({ whole: { items } }) => void items[0]?.assets.push({ ...items[0].assets[0], sha256s: ["cd".repeat(32)] }),
      ["hash_conflict items[0].assets[1]"],
    ],
    [
      "has an empty version",
      ({ metadata }) => void Object.assign(metadata, { "bundle-version": " " }),
      [`value_empty ${inMetadata}.bundle-version`],
    ],
    ["has no title", ({ metadata }) => void delete metadata.title, [`key_missing ${inMetadata}`]],
    [
      "has an empty identifier",
      ({ metadata }) => void Object.assign(metadata, { "bundle-identifier": "" }),
      [`value_empty ${inMetadata}.bundle-identifier`],
    ],
    [
      "has a version that is a number",
      ({ metadata }) => void Object.assign(metadata, { "bundle-version": 1.5 }),
      [`type_wrong ${inMetadata}.bundle-version`],
    ],
    [
      "has metadata of another kind",
      ({ metadata }) => void Object.assign(metadata, { kind: "book" }),
      [`value_not_allowed ${inMetadata}.kind`],
    ],
  ];
  for (const [name, change, errors] of wrong) {
    test(`that ${name} is an error`, () => {
      const report = lintWith(change);
      assert.deepEqual(shortly(report).errors, errors);
      assert.equal(report.valid, false);
    });
  }

  const unwise: [string, Change, string[]][] = [
    [
      "has keys of Apple's own examples that the schema does not know",
      ({ metadata }) => void Object.assign(metadata, { "developer-name": "x", "platform-identifier": "y" }),
      [`key_unknown ${inMetadata}.developer-name`, `key_unknown ${inMetadata}.platform-identifier`],
    ],
    ["has an unknown key at the top", ({ whole }) => ({ ...whole, version: 1 }), ["key_unknown version"]],
    [
      "has a key named like a member of every object",
      ({ metadata }) => void Object.assign(metadata, { valueOf: "x" }),
      [`key_unknown ${inMetadata}.valueOf`],
    ],
    [
      "has removed keys, of whatever type",
      ({ asset, metadata }) => {
        asset["needs-shine"] = "yes";
        metadata.sizeInBytes = 0.5;
        metadata.items = {};
      },
      [
        `key_removed ${inAsset}.needs-shine`,
        `key_removed ${inMetadata}.sizeInBytes`,
        `key_removed ${inMetadata}.items`,
      ],
    ],
    ["has no version", ({ metadata }) => void delete metadata["bundle-version"], [`version_missing ${inMetadata}`]],
    [
      "has an unusual identifier",
      ({ metadata }) => void Object.assign(metadata, { "bundle-identifier": "com.example.Mein Programm" }),
      [`identifier_unusual ${inMetadata}.bundle-identifier`],
    ],
    ["has no hash", ({ asset }) => withoutSha256(asset, {}), [`hash_missing ${inAsset}`]],
    ["has MD5 only", ({ asset }) => withoutSha256(asset, { md5: "ab".repeat(16) }), [`hash_weak ${inAsset}`]],
    [
      "has a hash of the whole file beside a chunk size",
      ({ asset }) => withoutSha256(asset, { sha256: "ab".repeat(32), "sha256-size": 5, "md5-size": 5 }),
      [`hash_ignored ${inAsset}.sha256-size`, `hash_ignored ${inAsset}.md5-size`],
    ],
    [
      "has a hash of the whole file beside malformed chunks",
      ({ asset }) => void Object.assign(asset, { sha256: "ab".repeat(32), sha256s: "none" }),
      [`hash_ignored ${inAsset}.sha256s`],
    ],
    [
      "has a chunk size without hashes",
      ({ asset }) => withoutSha256(asset, { "sha256-size": 5 }),
      [`hash_ignored ${inAsset}.sha256-size`, `hash_missing ${inAsset}`],
    ],
    [
      "has wrong MD5 hashes beside SHA-256",
      ({ asset }) => void Object.assign(asset, { md5s: "none" }),
      [`hash_ignored ${inAsset}.md5s`, `hash_ignored ${inAsset}`],
    ],
    [
      "has placeholders that were not replaced",
      ({ asset, metadata }) => {
        asset.url = `https://example.com/${"$"}{PRODUCT}.ipa?token=a`;
        metadata.title = "$(PRODUCT_NAME)";
        metadata.subtitle = "{{company}}";
      },
      [
        `placeholder_left ${inAsset}.url`,
        `placeholder_left ${inMetadata}.title`,
        `placeholder_left ${inMetadata}.subtitle`,
      ],
    ],
    [
      "has a whole-file hash beside chunks",
      ({ asset }) => void Object.assign(asset, { sha256: "ab".repeat(32) }),
      [`hash_ignored ${inAsset}.sha256s`],
    ],
    [
      "has no token",
      ({ asset }) => void Object.assign(asset, { url: "https://example.com/a.pkg" }),
      [`token_missing ${inAsset}.url`],
    ],
    [
      "was escaped twice",
      ({ asset }) => void Object.assign(asset, { url: "https://example.com/a?b=1&amp;token=a" }),
      [`url_escaped_twice ${inAsset}.url`, `token_missing ${inAsset}.url`],
    ],
    [
      "has a URL that is not encoded",
      ({ asset }) => void Object.assign(asset, { url: "https://example.com/ä?token=a" }),
      [`url_not_encoded ${inAsset}.url`],
    ],
    [
      "has a percent sign that encodes nothing",
      ({ asset }) => void Object.assign(asset, { url: "https://example.com/100%.ipa?token=a" }),
      [`url_not_encoded ${inAsset}.url`],
    ],
    [
      "has brackets in its path",
      ({ asset }) => void Object.assign(asset, { url: "https://example.com/a[1].ipa?token=a" }),
      [`url_not_encoded ${inAsset}.url`],
    ],
    [
      "has placeholders in capitals",
      ({ asset, metadata }) => {
        asset.url = "https://example.com/__FILE__?token=a";
        metadata.title = "%TITLE%";
        metadata.subtitle = "Version @VERSION@";
      },
      [
        `placeholder_left ${inAsset}.url`,
        `placeholder_left ${inMetadata}.title`,
        `placeholder_left ${inMetadata}.subtitle`,
      ],
    ],
    [
      "has placeholders of a template",
      ({ asset, metadata }) => {
        asset.url = "https://example.com/[[file]]?token=a";
        metadata.title = "<%= title %>";
        metadata.subtitle = "#{company}";
      },
      [
        `placeholder_left ${inAsset}.url`,
        `placeholder_left ${inMetadata}.title`,
        `placeholder_left ${inMetadata}.subtitle`,
      ],
    ],
    [
      "has nothing to warn about in percent-encoding, IPv6 addresses and names with signs",
      ({ asset, metadata }) => {
        asset.url = "https://[2001:db8::1]/S%C3%B6hne%C3A%20__init__.ipa?token=a";
        metadata.title = "50 % off at me@example, __init__";
      },
      [],
    ],
    [
      "has two packages in one item",
      ({ whole }) => void whole.items[0]?.assets.push(structuredClone(whole.items[0].assets[0] ?? {})),
      ["asset_repeated items[0].assets[1]"],
    ],
  ];
  for (const [name, change, warnings] of unwise) {
    test(`that ${name} gets a warning`, () => {
      const report = lintWith(change);
      assert.deepEqual(shortly(report), { errors: [], warnings });
      assert.equal(report.valid, true);
    });
  }

  for (const missing of ["bundle-identifier", "kind", "title"]) {
    test(`without ${missing} is an error for an iPhone, and a warning for a Mac`, () => {
      const change: Change = ({ metadata }) => void delete metadata[missing];
      assert.deepEqual(shortly(lintWith(change)).errors, [`key_missing ${inMetadata}`]);
      assert.deepEqual(shortly(lintWith(change, "pkg")), { errors: [], warnings: [`metadata_missing ${inMetadata}`] });
    });
  }

  test("of a Mac package needs no metadata", () => {
    const { valid, warnings } = lintWith(({ whole }) => void delete (whole.items[0] as Dictionary).metadata, "pkg");
    assert.deepEqual(
      [valid, warnings.map(({ message }) => message)],
      [true, ["The key metadata is missing: an iPhone or iPad needs it, a Mac does not."]],
    );
  });

  const text = plist.build(sound as PlistValue);
  const unusual: [string, string, string, RegExp][] = [
    ["white space before <?xml", ` \r\n\t${text}`, "xml_malformed", /there is white space before <\?xml/],
    ["white space after a mark", `\uFEFF\n${text}`, "xml_malformed", /there is white space before <\?xml/],
    ["a comment before <?xml", `<!-- Example -->\n${text}`, "xml_malformed", /there is a comment before <\?xml/],
    ["text after its end", `${text}<!-- & --><script>`, "xml_malformed", /not well-formed XML/],
    ["a control character", text.replace("Example", "Exam\u0001ple"), "xml_malformed", /not well-formed XML/],
    [
      "declarations",
      text.replace('.dtd"', '.dtd" [<!ENTITY a "b">]'),
      "xml_malformed",
      /document type with declarations/,
    ],
    ["no plist element", text.replace(/<\/?plist[^>]*>/g, ""), "plist_missing", /no plist element/],
  ];
  for (const [name, source, code, message] of unusual) {
    test(`with ${name}, which devices read, gets a warning`, () => {
      const report = lintManifest(source);
      assert.deepEqual(shortly(report), { errors: [], warnings: [`${code} `] });
      assert.match(report.warnings[0]?.message ?? "", message);
    });
  }

  test("with a comment inside a value, or white space behind a size, which devices do not read, is an error", () => {
    for (const source of [text.replace("<string>", "<string><!-- a -->"), text.replace("</integer>", " </integer>")]) {
      assert.deepEqual(shortly(lintManifest(source)).errors, ["not_a_property_list "]);
    }
  });

  test("with a duplicate key is an error if the values differ", () => {
    const text = plist.build(sound as PlistValue);
    const title = "<key>title</key>";
    const twice = (value: string) => lintManifest(text.replace(title, `${title}<string>${value}</string>${title}`));
    assert.deepEqual(shortly(twice("Other")).errors, ["key_repeated "]);
    assert.match(twice("Other").errors[0]?.message ?? "", /^The key title is duplicated/);
    assert.equal(twice("Example").valid, true);
  });

  test("is checked in every form in which devices read it", () => {
    const text = plist.build(sound as PlistValue);
    const utf16 = text.replace("UTF-8", "UTF-16");
    const swapped = Buffer.from(`\uFEFF${utf16}`, "utf16le").swap16();
    const binary = python(
      `import plistlib
json.dump(list(plistlib.dumps(input, fmt=plistlib.FMT_BINARY)), sys.stdout)`,
      sound,
    ) as number[];
    for (const bytes of [Buffer.from(text), Buffer.from(`\uFEFF${utf16}`, "utf16le"), swapped, Buffer.from(binary)]) {
      assert.deepEqual(lintManifest(bytes), { valid: true, errors: [], warnings: [] });
    }
    const broken = Buffer.from(binary.slice(0, -9));
    assert.match(lintManifest(broken).errors[0]?.message ?? "", /damaged binary property list/);
  });

  test("in the OpenStep format, which devices read, gets a warning and is checked", () => {
    const asset = `{ kind = "software-package"; url = "https://example.com/a.pkg"; sha256 = ${"ab".repeat(32)}; }`;
    const metadata =
      '{ "bundle-identifier" = com.example.app; "bundle-version" = 1.0; kind = software; title = Example; }';
    const items = `items = ( { assets = ( ${asset}, ); metadata = ${metadata}; } );`;
    for (const text of [`{ ${items} }`, items, `// Made by hand\n{${items}}\n`]) {
      for (const source of [text, Buffer.from(text), Buffer.from(`\uFEFF${text}`, "utf16le")]) {
        const report = lintManifest(source);
        assert.deepEqual(shortly(report), { errors: [], warnings: ["format_old "] });
        assert.match(report.warnings[0]?.message ?? "", /OpenStep format: devices read it/);
      }
    }
    const wrong = items.replace("https:", "http:");
    assert.deepEqual(shortly(lintManifest(wrong)).errors, [`url_not_https ${inAsset}.url`]);
    const unreadable = lintManifest(items.replace(/;$/, ""));
    assert.deepEqual(shortly(unreadable), { errors: ["not_a_property_list "], warnings: [] });
  });

  test("is checked inside an MDM command, with its envelope or without", () => {
    const wrong = structuredClone(sound);
    Object.assign(wrong.items[0]?.assets[0] ?? {}, { url: "http://example.com/a.pkg" });
    const command = { RequestType: "InstallEnterpriseApplication", Manifest: wrong };
    const lint = (value: unknown) => shortly(lintManifest(plist.build(value as PlistValue)));
    const inCommand = ["url_not_https Command.Manifest.items[0].assets[0].url"];
    assert.deepEqual(lint({ Command: command, CommandUUID: "1" }).errors, inCommand);
    assert.deepEqual(lint(command).errors, ["url_not_https Manifest.items[0].assets[0].url"]);
    const byUrl = { RequestType: "InstallApplication", ManifestURL: "https://example.com/a.plist" };
    assert.deepEqual(lint({ Command: byUrl }).errors, ["key_missing Command.Manifest"]);
  });

  test("with countless faults gets the first 500 findings of each severity", () => {
    const { valid, errors, warnings } = lintManifest(
      plist.build({ items: Array.from({ length: 2_000 }, () => ({ x: 1 })) as unknown as PlistValue }),
    );
    assert.deepEqual([valid, errors.length, warnings.length], [false, 500, 500]);
  });

  test("gets no warning for a missing token where none is expected", () => {
    const text = plist.build(sound as PlistValue).replace("?token=aaa.bbb.ccc", "");
    assert.deepEqual(lintManifest(text).warnings, []);
  });
});

/** Replaces the SHA-256 hashes of the valid manifest. */
function withoutSha256(asset: Dictionary, hashes: Dictionary): void {
  delete asset.sha256s;
  delete asset["sha256-size"];
  Object.assign(asset, hashes);
}

describe("text that is not a manifest", () => {
  const texts: [string, string, RegExp][] = [
    ["nothing", "", /not an XML property list/],
    ["prose", "Hello", /not an XML property list/],
    ["JSON", '{"items":[]}', /not an XML property list/],
    ["the list of an OpenStep property list", "(a, b)", /not an XML property list/],
    ["another XML", "<a/>", /element that property lists do not have/],
    ["truncated XML", "<plist><dict><key>items</key>", /truncated/],
    [
      "a lone ampersand",
      "<plist><string>https://a/?b=1&token=2</string></plist>",
      /an ampersand is not escaped; write &amp; in every URL/,
    ],
    ["a binary property list as text", "bplist00\u0000", /binary property list that was read as text: pass its bytes/],
    [
      "an XML bomb",
      '<!DOCTYPE plist [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><plist><string>&b;</string></plist>',
      /not an XML property list/,
    ],
    [
      "an outer entity",
      '<!DOCTYPE plist [<!ENTITY a SYSTEM "file:///etc/passwd">]><plist><string>&a;</string></plist>',
      /not an XML property list/,
    ],
    [
      "arrays nested very deeply",
      `<plist>${"<array>".repeat(50_000)}${"</array>".repeat(50_000)}</plist>`,
      /not an XML property list/,
    ],
    ["a key that pollutes", "<plist><dict><key>__proto__</key><dict/></dict></plist>", /not an XML property list/],
  ];
  for (const [name, text, message] of texts) {
    test(`is reported: ${name}`, () => {
      const { valid, errors, warnings } = lintManifest(text);
      assert.equal(valid, false);
      assert.deepEqual([errors.length, errors[0]?.code, warnings.length], [1, "not_a_property_list", 0]);
      assert.match(errors[0]?.message ?? "", message);
    });
  }

  test("never throws and never prints, whatever it is", (context) => {
    const print = ["log", "warn", "error"] as const;
    const printed = print.map((name) => context.mock.method(console, name, () => {}));
    const text = plist.build(sound as PlistValue);
    const place = fc.integer({ min: 0, max: text.length });
    fc.assert(
      fc.property(place, place, fc.string({ maxLength: 5 }), (start, length, inserted) => {
        const { valid, errors } = lintManifest(text.slice(0, start) + inserted + text.slice(start + (length % 9)));
        assert.equal(valid, errors.length === 0);
      }),
      { numRuns: 500 },
    );
    for (const method of printed) assert.equal(method.mock.callCount(), 0);
  });

  const slow: [string, string][] = [
    ["document types", "<!DOCTYPE ".repeat(400_000)],
    ["comments", `<plist>${"<!--".repeat(1_000_000)}`],
    ["brackets", "<".repeat(4_000_000)],
    ["arrays", `<plist>${"<array>".repeat(500_000)}`],
    ["ampersands", `<plist><string>${"&".repeat(4_000_000)}</string></plist>`],
    ["bytes", " ".repeat(50_000_000)],
  ];
  for (const [name, text] of slow) {
    test(`is reported within ten seconds of processor time if it consists of ${name}`, () => {
      const elapsed = stopwatch();
      assert.equal(lintManifest(text).valid, false);
      assert.ok(elapsed() < 10_000_000, `${elapsed()} µs`);
    });
  }

  test("is described without repeating a URL or a token", () => {
    const secret = "https://example.com/hunter2";
    for (const url of [`http://${secret.slice(8)}`, `${secret} x`, `${secret}?token=hunter2&token=hunter2`]) {
      const report = lintWith(({ asset }) => void Object.assign(asset, { url }));
      assert.equal(report.errors.length, 1);
      assert.ok(!JSON.stringify(report).includes("hunter2"));
    }
    for (const key of [`${secret}?token=hunter2`, `hunter2${"a".repeat(400)}`]) {
      const { warnings } = lintWith(
        ({ asset, metadata }) => void [asset, metadata].map((each) => Object.assign(each, { [key]: "x" })),
      );
      const paths = warnings.filter(({ code }) => code === "key_unknown").map(({ path }) => path);
      assert.deepEqual(paths, [
        `items[0].assets[0].(a key of ${key.length} characters)`,
        `items[0].metadata.(a key of ${key.length} characters)`,
      ]);
      assert.ok(!JSON.stringify(warnings).includes("hunter2"));
    }
  });
});
