import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createIssuer, isIssuerError, lintManifest } from "@portcullis/issuer";
import fc from "fast-check";
import { parse as parseByFastPlist } from "fast-plist";
import { privateKeyPem } from "../support/private-key.ts";
import { readByPlistlib } from "../support/python.ts";
import { testTime } from "../support/signing-key.ts";

const issuer = createIssuer({
  displayName: "Lab",
  encryptionKey: privateKeyPem(),
  tokenExpiry: 5,
  now: () => testTime,
});
const token = await issuer.issueToken();
const sha256 = "ab".repeat(32);
const md5 = "cd".repeat(16);
const example = {
  title: "Example",
  bundleIdentifier: "com.example.app",
  bundleVersion: "1.2",
  softwarePackage: "https://example.com/apps/example.ipa",
};

type Manifest = {
  items: { assets: Record<string, unknown>[]; metadata: Record<string, unknown> }[];
};

/** Reads a manifest with Python's plistlib and with a second JavaScript library; both must agree. */
function readBack(text: string): Manifest {
  const [byPython] = readByPlistlib([text]);
  assert.deepEqual(parseByFastPlist(text), byPython);
  return byPython as Manifest;
}

describe("an app manifest", () => {
  test("has the documented form, with the token in the package's URL", async () => {
    const text = await issuer.appManifest(example);
    assert.ok(
      text.startsWith('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"'),
    );
    assert.deepEqual(readBack(text), {
      items: [
        {
          assets: [
            {
              kind: "software-package",
              url: `https://example.com/apps/example.ipa?token=${token}`,
            },
          ],
          metadata: {
            "bundle-identifier": "com.example.app",
            "bundle-version": "1.2",
            kind: "software",
            title: "Example",
          },
        },
      ],
    });
  });

  test("has the given images and subtitle", async () => {
    const text = await issuer.appManifest({
      ...example,
      subtitle: "Example Ltd.",
      displayImage: "https://example.com/icons/57.png?size=57",
      fullSizeImage: new URL("https://example.com/icons/512.png"),
    });
    const { assets, metadata } = readBack(text).items[0] ?? assert.fail();
    assert.deepEqual(assets.slice(1), [
      { kind: "display-image", url: `https://example.com/icons/57.png?size=57&token=${token}` },
      { kind: "full-size-image", url: `https://example.com/icons/512.png?token=${token}` },
    ]);
    assert.equal(metadata.subtitle, "Example Ltd.");
    assert.deepEqual(lintManifest(text, { expectTokens: true }).errors, []);
  });

  test("adds the token to no other host by default", async () => {
    const elsewhere = "https://cdn.example.net/57.png";
    const urls = async (displayImage: { url: string; protected?: boolean }) =>
      readBack(await issuer.appManifest({ ...example, displayImage })).items[0]?.assets.map(({ url }) => url);
    assert.equal((await urls({ url: elsewhere }))?.[1], elsewhere);
    assert.equal((await urls({ url: elsewhere, protected: true }))?.[1], `${elsewhere}?token=${token}`);
    const near = "https://example.com/57.png";
    assert.equal((await urls({ url: near, protected: false }))?.[1], near);
  });

  test("has a package without a token if it is not protected", async () => {
    const softwarePackage = { url: example.softwarePackage, protected: false };
    const text = await issuer.appManifest({ ...example, softwarePackage });
    assert.equal(readBack(text).items[0]?.assets[0]?.url, example.softwarePackage);
    assert.deepEqual(
      lintManifest(text, { expectTokens: true }).warnings.map(({ code }) => code),
      ["token_missing", "hash_missing"],
    );
  });

  const hashes: [string, object, object][] = [
    ["a whole-file hash", { size: 3, sha256 }, { sha256 }],
    ["whole-file hashes with MD5", { size: 3, sha256, md5 }, { sha256, md5 }],
    [
      "chunk hashes",
      { size: 3, chunkSize: 10485760, sha256s: [sha256] },
      { "sha256-size": 10485760, sha256s: [sha256] },
    ],
    [
      "chunk hashes with MD5",
      { size: 3, chunkSize: 2, sha256s: [sha256, sha256], md5s: [md5, md5] },
      { "sha256-size": 2, sha256s: [sha256, sha256], "md5-size": 2, md5s: [md5, md5] },
    ],
  ];
  for (const [name, given, keys] of hashes) {
    test(`has ${name}`, async () => {
      const softwarePackage = { url: example.softwarePackage, hashes: given as never };
      const text = await issuer.appManifest({ ...example, softwarePackage });
      const { url, kind, ...rest } = readBack(text).items[0]?.assets[0] ?? {};
      assert.deepEqual(rest, keys);
      assert.deepEqual(lintManifest(text), { valid: true, errors: [], warnings: [] });
    });
  }

  test("has keys outside Apple's schema on request only, and they replace none in it", async () => {
    const text = await issuer.appManifest({
      ...example,
      softwarePackage: {
        url: example.softwarePackage,
        additionalKeys: { "needs-shine": false, kind: "other" },
      },
      additionalMetadata: { "developer-name": "Example", kind: "other", sizeInBytes: 3 },
    });
    const { assets, metadata } = readBack(text).items[0] ?? assert.fail();
    assert.deepEqual([assets[0]?.kind, assets[0]?.["needs-shine"]], ["software-package", false]);
    assert.deepEqual([metadata.kind, metadata["developer-name"], metadata.sizeInBytes], ["software", "Example", 3]);
    assert.equal(lintManifest(text).valid, true);
  });

  test("escapes & exactly once", async () => {
    const softwarePackage = "https://example.com/get?app=1&build=2&x=%26amp%3B";
    const text = await issuer.appManifest({ ...example, title: "A & B <C>", softwarePackage });
    assert.ok(text.includes(`get?app=1&amp;build=2&amp;x=%26amp%3B&amp;token=${token}<`));
    assert.ok(text.includes("<string>A &amp; B &lt;C&gt;</string>"));
    assert.ok(!text.includes("&amp;amp;"));
  });

  const refused: [string, object, string, RegExp][] = [
    ["an http: package", { softwarePackage: "http://example.com/a.ipa" }, "url_not_https", /only https/],
    ["an http: image", { displayImage: "http://example.com/a.png" }, "url_not_https", /only https/],
    ["a relative URL", { softwarePackage: "/apps/a.ipa" }, "url_not_absolute", /relative/],
    ["credentials", { softwarePackage: "https://a:b@example.com/a.ipa" }, "url_has_credentials", /remove it/],
    ["no package", { softwarePackage: undefined }, "manifest_invalid", /softwarePackage: must be the package's URL/],
    ["null for a package", { softwarePackage: null }, "manifest_invalid", /softwarePackage: must be the package's URL/],
    [
      "text for a protection",
      { displayImage: { url: "https://cdn.example/57.png", protected: "false" } },
      "manifest_invalid",
      /display-image: protected must be true or false/,
    ],
    ["an invalid date", { additionalMetadata: { x: new Date(Number.NaN) } }, "manifest_invalid", /an invalid date/],
    ["no number", { additionalMetadata: { x: Number.NaN } }, "manifest_invalid", /not finite/],
    ["a number without end", { additionalMetadata: { x: [-1 / 0] } }, "manifest_invalid", /not finite/],
    ["a number too large", { additionalMetadata: { x: { y: 2 ** 53 } } }, "manifest_invalid", /too large to be exact/],
    [
      "a function",
      { additionalMetadata: { x: () => 1 } },
      "manifest_invalid",
      /cannot contain a value of type Function/,
    ],
    ["an empty title", { title: " " }, "manifest_invalid", /items\[0\]\.metadata\.title: It is empty/],
    ["no title", { title: undefined }, "manifest_invalid", /The key title is missing/],
    ["no bundle identifier", { bundleIdentifier: undefined }, "manifest_invalid", /bundle-identifier is missing/],
    ["a version that is a number", { bundleVersion: 1.2 }, "manifest_invalid", /bundle-version: It must be a string/],
    ["a control character", { title: "a\u0001" }, "manifest_invalid", /control character or an unpaired surrogate/],
    ["half a character", { title: "a\uD83D" }, "manifest_invalid", /control character or an unpaired surrogate/],
    [
      "a misspelled option",
      { bundleID: "x" },
      "manifest_invalid",
      /bundleID: unknown; did you mean bundleIdentifier\?/,
    ],
    [
      "a hash that is not one",
      { softwarePackage: { url: "https://example.com/a", hashes: { size: 1, sha256: "x" } } },
      "manifest_invalid",
      /assets\[0\]\.sha256: It must be 64 hexadecimal digits/,
    ],
  ];
  for (const [name, change, code, message] of refused) {
    test(`with ${name} is refused`, async () => {
      await assert.rejects(issuer.appManifest({ ...example, ...change }), (error) => {
        assert.ok(isIssuerError(error), String(error));
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  test("survives every title, subtitle and URL, read by Python and by a second library", async () => {
    const unit = fc.constantFrom(...("aZ09 &<>\"'\t\n\r]]>%;#é中😀\u2028\uFFFD\u00A0".match(/./gsu) ?? []));
    const text = fc.string({ unit, minLength: 1 }).filter((title) => title.trim() !== "");
    const url = fc.string({ unit: fc.constantFrom(...("aZ9&=?/;%#.'\"<>é😀".match(/./gu) ?? [])) });
    const manifests: string[] = [];
    const expected: { title: string; subtitle: string; path: string }[] = [];
    await fc.assert(
      fc.asyncProperty(text, text, url, async (title, subtitle, rest) => {
        const path = rest.replace(/&amp;/gi, "");
        const softwarePackage = `https://example.com/${path}`;
        const made = await issuer.appManifest({ ...example, title, subtitle, softwarePackage });
        manifests.push(made);
        expected.push({ title, subtitle, path: await issuer.downloadUrl(softwarePackage) });
        assert.equal(lintManifest(made).valid, true);
      }),
      { numRuns: 300 },
    );
    const byPython = readByPlistlib(manifests) as Manifest[];
    for (const [index, manifest] of byPython.entries()) {
      const { title, subtitle, path } = expected[index] ?? assert.fail();
      const { assets, metadata } = manifest.items[0] ?? assert.fail();
      assert.deepEqual([metadata.title, metadata.subtitle, assets[0]?.url], [title, subtitle, path]);
      // The second library leaves hexadecimal references as they are.
      const text = (manifests[index] ?? "").replaceAll("&#xD;", "\r");
      assert.deepEqual(parseByFastPlist(text), manifest);
    }
  });
});
