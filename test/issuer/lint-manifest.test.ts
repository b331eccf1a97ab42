import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lintManifest, type ManifestReport } from "@portcullis/issuer";
import fc from "fast-check";
import plist, { type PlistValue } from "plist";

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

/** Changes a copy of the sound manifest and lints it. */
function lintWith(
  change: (manifest: { asset: Dictionary; metadata: Dictionary; whole: Sound }) => unknown,
): ManifestReport {
  const whole = structuredClone(sound);
  const [{ assets: [asset = {}] = [], metadata = {} } = {}] = whole.items;
  const replaced = change({ asset, metadata, whole });
  const value = replaced === undefined ? whole : replaced;
  return lintManifest(plist.build(value as PlistValue), { expectTokens: true });
}

/** Errors and warnings, each as `code path`. */
function shortly({ errors, warnings }: ManifestReport): { errors: string[]; warnings: string[] } {
  const line = ({ code, path }: { code: string; path: string }) => `${code} ${path}`;
  return { errors: errors.map(line), warnings: warnings.map(line) };
}

const inAsset = "items[0].assets[0]";
const inMetadata = "items[0].metadata";

describe("a manifest", () => {
  test("that is sound has no findings", () => {
    assert.deepEqual(
      lintWith(() => undefined),
      { valid: true, errors: [], warnings: [] },
    );
  });

  const wrong: [string, Parameters<typeof lintWith>[0], string[]][] = [
    ["is an array", () => ["a", "b"], ["type_wrong "]],
    ["has no items", () => ({}), ["key_missing "]],
    ["has items that are no array", () => ({ items: "x" }), ["type_wrong items"]],
    ["has no item", () => ({ items: [] }), ["value_empty items"]],
    ["has an item that is no dictionary", () => ({ items: ["x"] }), ["type_wrong items[0]"]],
    ["has an empty item", () => ({ items: [{}] }), ["key_missing items[0]", "key_missing items[0]"]],
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
      [`type_wrong ${inAsset}.sha256s`, `hash_malformed ${inAsset}.sha256s`],
    ],
    [
      "has chunk hashes without their size",
      ({ asset }) => void delete asset["sha256-size"],
      [`hash_incomplete ${inAsset}`],
    ],
    [
      "has a chunk size without hashes",
      ({ asset }) => void Object.assign(asset, { "md5-size": 5 }),
      [`hash_incomplete ${inAsset}`],
    ],
    [
      "has a chunk size of 0",
      ({ asset }) => void Object.assign(asset, { "sha256-size": 0 }),
      [`type_wrong ${inAsset}.sha256-size`],
    ],
    [
      "has a malformed MD5",
      ({ asset }) => void Object.assign(asset, { md5: "xyz" }),
      [`hash_malformed ${inAsset}.md5`],
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
    test(`that ${name} is in error`, () => {
      const report = lintWith(change);
      assert.deepEqual(shortly(report).errors, errors);
      assert.equal(report.valid, false);
    });
  }

  const unwise: [string, Parameters<typeof lintWith>[0], string[]][] = [
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
      "has removed keys",
      ({ asset, metadata }) => {
        asset["needs-shine"] = true;
        metadata.sizeInBytes = 5;
      },
      [`key_removed ${inAsset}.needs-shine`, `key_removed ${inMetadata}.sizeInBytes`],
    ],
    ["has no version", ({ metadata }) => void delete metadata["bundle-version"], [`version_missing ${inMetadata}`]],
    [
      "has an unusual identifier",
      ({ metadata }) => void Object.assign(metadata, { "bundle-identifier": "com.example.Mein Programm" }),
      [`identifier_unusual ${inMetadata}.bundle-identifier`],
    ],
    [
      "has no hash",
      ({ asset }) => {
        delete asset.sha256s;
        delete asset["sha256-size"];
      },
      [`hash_missing ${inAsset}`],
    ],
    [
      "has MD5 only",
      ({ asset }) => {
        delete asset.sha256s;
        delete asset["sha256-size"];
        asset.md5 = "ab".repeat(16);
      },
      [`hash_weak ${inAsset}`],
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

  test("is not told off for missing tokens where none are expected", () => {
    const text = plist.build(sound as PlistValue).replace("?token=aaa.bbb.ccc", "");
    assert.deepEqual(lintManifest(text).warnings, []);
  });
});

describe("text that is no manifest", () => {
  const texts: [string, string, RegExp][] = [
    ["nothing", "", /not an XML property list/],
    ["prose", "Hello", /not an XML property list/],
    ["another XML", "<a/>", /with plist as its outermost element/],
    ["XML cut short", "<plist><dict><key>items</key>", /well-formed/],
    [
      "a lone ampersand",
      "<plist><string>https://a/?b=1&token=2</string></plist>",
      /an ampersand stands alone; write &amp; in every URL/,
    ],
    ["a binary property list", "bplist00\u0000", /binary property list: convert it with plutil/],
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
      "arrays nested without end",
      `<plist>${"<array>".repeat(50_000)}${"</array>".repeat(50_000)}</plist>`,
      /not an XML property list/,
    ],
    ["a key that pollutes", "<plist><dict><key>__proto__</key><dict/></dict></plist>", /not an XML property list/],
  ];
  for (const [name, text, message] of texts) {
    test(`is found out: ${name}`, () => {
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
    test(`is found out within ten seconds of processor time if it is nothing but ${name}`, () => {
      const before = process.cpuUsage();
      assert.equal(lintManifest(text).valid, false);
      const { user, system } = process.cpuUsage(before);
      assert.ok(user + system < 10_000_000, `${user + system} µs`);
    });
  }

  test("is described without repeating a URL or a token", () => {
    const secret = "https://example.com/hunter2";
    for (const url of [`http://${secret.slice(8)}`, `${secret} x`, `${secret}?token=hunter2&token=hunter2`]) {
      const report = lintWith(({ asset }) => void Object.assign(asset, { url }));
      assert.equal(report.errors.length, 1);
      assert.ok(!JSON.stringify(report).includes("hunter2"));
    }
  });
});
