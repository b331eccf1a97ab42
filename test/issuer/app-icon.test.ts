import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { deflateSync } from "node:zlib";
import { isIssuerError, readAppIcon } from "@portcullis/issuer";
import { strToU8, zipSync } from "fflate";
import plist, { type PlistValue } from "plist";
import { writeZip } from "../support/packages.ts";
import { type Pixels, pngChunk, pngChunks, readPng, type WritePngOptions, writePng } from "../support/png.ts";
import { temporaryFiles } from "../support/temporary-folder.ts";

const path = temporaryFiles();
const bundle = "Payload/Example.app";
const names = { CFBundleIdentifier: "com.example.app", CFBundleVersion: "1" };
const declared = (...files: string[]) => ({ CFBundlePrimaryIcon: { CFBundleIconFiles: files } });

/** Every byte differs from its neighbours; alpha takes all values, and is 0 somewhere. */
function picture(width: number, height = width, isOpaque = false): Pixels {
  const bytes = Uint8Array.from({ length: width * height * 4 }, (_, at) => {
    if (at % 4 === 3) return isOpaque ? 255 : (at >> 2) % 256;
    return (at * 37 + (at >> 3)) % 256;
  });
  return { width, height, bytes };
}

/** Writes an .ipa with these icons in its app's folder. */
function app(
  icons: Readonly<Record<string, Buffer>>,
  info: object = { CFBundleIcons: declared("AppIcon60x60") },
): string {
  const members: Record<string, Uint8Array> = {
    [`${bundle}/Info.plist`]: strToU8(plist.build({ ...names, ...info } as PlistValue)),
  };
  for (const [name, png] of Object.entries(icons)) members[`${bundle}/${name}`] = png;
  writeFileSync(path("app.ipa"), zipSync(members));
  return path("app.ipa");
}

const iconOf = async (png: Buffer): Promise<Buffer | undefined> => readAppIcon(app({ "AppIcon60x60@2x.png": png }));
const of = (options: WritePngOptions, pixels = picture(20)): Promise<Buffer | undefined> =>
  iconOf(writePng(pixels, options));
const width = (png: Buffer | undefined): number | undefined => png && readPng(png).width;

describe("the icon of an .ipa", () => {
  test("a PNG as other programs write it keeps its pixels, and nothing else", async () => {
    const pixels = picture(20);
    const more = ["tEXt", "iCCP", "eXIf"].map((type) => pngChunk(type, Buffer.from("Comment\0secret")));
    const png = await iconOf(Buffer.concat([writePng(pixels, { more }), Buffer.from("<script>")]));
    assert.ok(png);
    assert.deepEqual(readPng(png), pixels);
    assert.deepEqual(
      pngChunks(png).map(({ type }) => type),
      ["IHDR", "IDAT", "IEND"],
    );
  });

  test("a PNG as Xcode writes it gets its colours back, whatever filters its rows have", async () => {
    for (const filter of [undefined, 0, 1, 2, 3, 4]) {
      const pixels = picture(20);
      const png = await of({ apples: true, ...(filter !== undefined && { filter }) }, pixels);
      assert.ok(png);
      const read = readPng(png);
      const expected = pixels.bytes.map((value, at) => {
        const alpha = pixels.bytes[at | 3] ?? 0;
        if (at % 4 === 3 || alpha === 0) return at % 4 === 3 ? value : 0;
        return Math.min(255, Math.round((Math.round((value * alpha) / 255) * 255) / alpha));
      });
      assert.deepEqual(read.bytes, expected, `filter ${filter}`);
    }
    const opaque = picture(20, 20, true);
    for (const apples of [true, false]) {
      const png = await of({ apples, opaque: true }, opaque);
      assert.deepEqual(png && readPng(png), opaque);
      assert.deepEqual(readPng((await of({ apples }, opaque)) ?? Buffer.alloc(0)), opaque);
    }
  });

  test("an image with a palette or of shades of grey keeps what its colours depend on", async () => {
    const [palette, transparent] = [pngChunk("PLTE", Buffer.alloc(9, 7)), pngChunk("tRNS", Buffer.from([1, 2]))];
    const rows = deflateSync(Buffer.alloc(6 * 20));
    const indexed = { header: { 8: 2, 9: 3 }, data: rows };
    const types = async (options: WritePngOptions) =>
      pngChunks((await of(options)) ?? Buffer.alloc(8)).map(({ type }) => type);
    assert.deepEqual(await types({ ...indexed, more: [palette, transparent] }), [
      "IHDR",
      "PLTE",
      "tRNS",
      "IDAT",
      "IEND",
    ]);
    for (const one of [palette, pngChunk("PLTE", Buffer.alloc(3)), pngChunk("PLTE", Buffer.alloc(256 * 3))])
      assert.deepEqual(await types({ ...indexed, more: [one] }), ["IHDR", "PLTE", "IDAT", "IEND"]);
    const grey = { header: { 8: 2, 9: 0 }, data: rows };
    assert.deepEqual(await types({ ...grey, more: [palette, transparent] }), ["IHDR", "tRNS", "IDAT", "IEND"]);
    // Without its palette, or with one that is impossible
    const tooLong = pngChunk("PLTE", Buffer.alloc(257 * 3));
    const uneven = pngChunk("PLTE", Buffer.alloc(4));
    for (const more of [[], [tooLong], [uneven], [palette, pngChunk("tRNS", Buffer.alloc(4))]])
      assert.equal(await of({ ...indexed, more }), undefined);
    assert.equal(await of({ ...grey, more: [pngChunk("tRNS", Buffer.alloc(6))] }), undefined);
  });

  test("the widest of those that Info.plist names is taken, for every screen and from every key", async () => {
    const icons = Object.fromEntries(
      [
        ["AppIcon60x60@2x.png", 20],
        ["AppIcon60x60@3x.png", 30],
        ["AppIcon76x76@2x~ipad.png", 40],
        ["Other.png", 50],
        ["deeper/AppIcon60x60@3x.png", 60],
        ["Icon.png", 35],
      ].map(([name, size]) => [name, writePng(picture(Number(size)))]),
    );
    const cases: readonly (readonly [object, number | undefined])[] = [
      [{ CFBundleIcons: declared("AppIcon60x60") }, 30],
      [{ CFBundleIcons: declared("AppIcon60x60"), "CFBundleIcons~ipad": declared("AppIcon60x60", "AppIcon76x76") }, 40],
      [{ CFBundleIcons: declared("AppIcon60x60@2x.png") }, 30],
      [{ CFBundleIconFiles: ["Icon.png"] }, 35],
      [{ CFBundleIconFile: "Icon" }, 35],
      [{}, undefined],
      [{ CFBundleIcons: declared("Missing") }, undefined],
      [{ CFBundleIcons: "AppIcon60x60", CFBundleIconFiles: [1, {}, ""], CFBundleIconFile: 7 }, undefined],
      [{ CFBundleIcons: { CFBundlePrimaryIcon: [] }, "CFBundleIcons~ipad": [] }, undefined],
    ];
    for (const [info, expected] of cases) assert.equal(width(await readAppIcon(app(icons, info))), expected);
  });

  test("an image that is damaged, interlaced, too large or a decompression bomb counts as missing, and takes no more memory than its size", async () => {
    const good = writePng(picture(20));
    const bomb = deflateSync(Buffer.alloc(100_000_000));
    const damaged = Buffer.from(good);
    damaged[50] = (damaged[50] ?? 0) ^ 1;
    const cases: Readonly<Record<string, Buffer>> = {
      "not a PNG": Buffer.from("<svg onload=alert(1)>"),
      "a wrong checksum": damaged,
      truncated: good.subarray(0, -12),
      "no pixels": Buffer.concat([good.subarray(0, 33), pngChunk("IEND", Buffer.alloc(0))]),
      "two headers": writePng(picture(20), { more: [good.subarray(8, 33)] }),
      "an unknown chunk that is needed": writePng(picture(20), { more: [pngChunk("ABCD", Buffer.alloc(1))] }),
      interlaced: writePng(picture(20), { header: { 12: 1 } }),
      "an unknown depth": writePng(picture(20), { header: { 8: 3 } }),
      "an unknown type of colour": writePng(picture(20), { header: { 9: 5 } }),
      "16 bits in Xcode's format": writePng(picture(20), { apples: true, header: { 8: 16 } }),
      "no width": writePng(picture(20), { header: { 3: 0 } }),
      "wider than it is": writePng(picture(20), { header: { 3: 21 } }),
      "more pixels than declared": writePng(picture(20), { header: { 3: 19 } }),
      "too wide": writePng(picture(1025, 1)),
      "four thousand million pixels wide": writePng(picture(20), { header: { 0: 255 } }),
      "a filter that does not exist": writePng(picture(20), { data: deflateSync(Buffer.alloc(81 * 20, 5)) }),
      "a bomb": writePng(picture(20), { data: bomb }),
      "a bomb in Xcode's format": writePng(picture(20), { apples: true, data: bomb.subarray(2) }),
      "a chunk beyond the end": Buffer.concat([
        good.subarray(0, 33),
        Buffer.from([255, 255, 255, 255]),
        good.subarray(37),
      ]),
    };
    for (const [name, png] of Object.entries(cases)) {
      const before = process.memoryUsage().arrayBuffers;
      assert.equal(await iconOf(png), undefined, name);
      assert.ok(process.memoryUsage().arrayBuffers - before < 30_000_000, name);
    }
    // The other icon is used instead.
    const icons = { "AppIcon60x60@2x.png": damaged, "AppIcon60x60@3x.png": good };
    assert.equal(width(await readAppIcon(app(icons))), 20);
  });

  test("a file that is larger than 1 MiB is not unpacked, and at most 16 are", async () => {
    const large = { name: `${bundle}/AppIcon60x60@3x.png`, zeros: 100_000_000 };
    const plist = {
      ...names,
      CFBundleIcons: declared("AppIcon60x60", ...Array.from({ length: 30 }, (_, at) => `Icon${at}`)),
    };
    const file = writeZip(path("large.ipa"), [{ name: `${bundle}/Info.plist`, plist, binary: true }, large]);
    const before = process.memoryUsage().arrayBuffers;
    assert.equal(await readAppIcon(file), undefined);
    assert.ok(process.memoryUsage().arrayBuffers - before < 30_000_000);
    const many = Object.fromEntries(
      Array.from({ length: 30 }, (_, at) => [`Icon${at}.png`, writePng(picture(1 + at))]),
    );
    assert.equal(width(await readAppIcon(app(many, { CFBundleIcons: plist.CFBundleIcons }))), 16);
  });

  test("a .pkg has none, and what is not an .ipa is refused as by readPackage", async () => {
    writeFileSync(path("app.pkg"), "xar!");
    assert.equal(await readAppIcon(path("app.pkg")), undefined);
    const isIncomplete = (error: unknown) => isIssuerError(error) && error.code === "package_incomplete";
    await assert.rejects(readAppIcon(writeZip(path("empty.ipa"), [{ name: "a", base64: "" }])), isIncomplete);
    await assert.rejects(readAppIcon(path(".")), (error) => isIssuerError(error) && error.code === "file_not_regular");
  });
});
