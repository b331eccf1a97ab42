import type { FileHandle } from "node:fs/promises";
import { crc32, deflateRawSync, deflateSync } from "node:zlib";
import { readDistribution } from "../../../packages/issuer/src/package/distribution.ts";
import { parseInfoPlist } from "../../../packages/issuer/src/package/info-plist.ts";
import { findApp } from "../../../packages/issuer/src/package/ipa.ts";
import { localizedTitle } from "../../../packages/issuer/src/package/localized-title.ts";
import { readPackageInfo } from "../../../packages/issuer/src/package/package-info.ts";
import { portablePng } from "../../../packages/issuer/src/package/portable-png.ts";
import { readProvisioningProfile } from "../../../packages/issuer/src/package/provisioning-profile.ts";
import { readZipEntry } from "../../../packages/issuer/src/package/read-zip-entry.ts";
import { openXar } from "../../../packages/issuer/src/package/xar.ts";
import { visitZipEntries, type ZipEntry } from "../../../packages/issuer/src/package/zip-directory.ts";
import { makeXar } from "../../support/packages.ts";
import { pngChunk, writePng } from "../../support/png.ts";
import { filled, MiB, type Parser, repeated } from "./parser.ts";

const largestFile = 4 * MiB;

/** A file in memory, made of parts that can be repeated, so that half a gigabyte takes little space. */
function fileOf(parts: readonly { readonly bytes: Buffer; readonly times?: number }[]): {
  handle: FileHandle;
  size: number;
} {
  const starts: number[] = [];
  let size = 0;
  for (const { bytes, times = 1 } of parts) {
    starts.push(size);
    size += bytes.length * times;
  }
  const read = async (buffer: Buffer, offset: number, length: number, position: number) => {
    const index = starts.findLastIndex((start) => start <= position);
    const { bytes, times = 1 } = parts[index] ?? { bytes: Buffer.alloc(0) };
    const within = position - (starts[index] ?? 0);
    if (within >= bytes.length * times) return { buffer, bytesRead: 0 };
    const bytesRead = bytes.copy(buffer, offset, within % bytes.length, (within % bytes.length) + length);
    return { buffer, bytesRead };
  };
  return { handle: { read, stat: async () => ({ size }) } as unknown as FileHandle, size };
}

/** One entry of a central directory, with extra fields. */
function zipEntry(name: string, extra: Buffer = Buffer.alloc(0)): Buffer {
  const entry = Buffer.alloc(46);
  entry.write("PK\u0001\u0002", "latin1");
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt16LE(extra.length, 30);
  return Buffer.concat([entry, Buffer.from(name), extra]);
}

/** An archive whose directory repeats one entry. */
function zipOf(entry: Buffer, times: number): { handle: FileHandle; size: number } {
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", "latin1");
  end.writeUInt16LE(times % 2 ** 16, 10);
  end.writeUInt32LE(entry.length * times, 12);
  // A block of about 1 MiB, because the file is read in pieces of this size.
  const each = Math.max(1, Math.floor(MiB / entry.length));
  const block = Buffer.concat(Array<Buffer>(each).fill(entry));
  return fileOf([
    { bytes: block, times: Math.floor(times / each) },
    { bytes: Buffer.concat(Array<Buffer>(times % each).fill(entry)) },
    { bytes: end },
  ]);
}

const visit = ({ handle, size }: { handle: FileHandle; size: number }) => visitZipEntries(handle, size, () => {});

/** One deflated file, from its local header on. */
function deflated(
  content: Buffer,
  declared = content.length,
): { entry: ZipEntry; file: { handle: FileHandle; size: number } } {
  const stored = deflateRawSync(content);
  const header = Buffer.alloc(31);
  header.write("PK\u0003\u0004", "latin1");
  header.writeUInt16LE(1, 26);
  header.write("a", 30);
  const entry = {
    name: "a",
    nameIsCertain: true,
    nameBytes: Buffer.from("a"),
    encrypted: false,
    method: 8,
    checksum: crc32(content),
    compressedSize: stored.length,
    size: declared,
    headerOffset: 0,
  };
  return { entry, file: fileOf([{ bytes: Buffer.concat([header, stored]) }]) };
}

const fileElement = (name: string, inner = ""): string => `<file><name>${name}</name>${inner}</file>`;
const data = "<data><offset>0</offset><length>0</length><size>0</size></data>";
const openToc = (toc: string) => {
  const xml = `<xar><toc>${toc}</toc></xar>`;
  const bytes = makeXar({}, { toc: xml });
  return openXar(fileOf([{ bytes }]).handle);
};

export const packageParsers: readonly Parser[] = [
  {
    name: "zip: central directory",
    bound: "a million entries, 256 MiB",
    sources: [
      "issuer/package/zip-directory.ts",
      "issuer/package/ipa.ts",
      "issuer/package/leads-outside.ts",
      "issuer/package/read-at.ts",
    ],
    time: 900,
    memory: 250,
    inputs: () => {
      const largest = 256 * MiB;
      const fields = Buffer.alloc(65_532);
      for (let id = 0; id < fields.length / 4; id += 1) fields.writeUInt16LE(id + 2, id * 4);
      const long = zipEntry("a", fields);
      const infoPlist = zipEntry(`Payload/${"a".repeat(65_000)}.app/Info.plist`);
      const segments = zipEntry("a/".repeat(32_000));
      const times = (entry: Buffer): number => Math.min(1_000_000, Math.floor(largest / entry.length));
      return [
        { what: "a million entries", parse: () => visit(zipOf(zipEntry("a".repeat(200)), 1_000_000)) },
        {
          what: "a directory of more than 256 MiB",
          parse: () => visit(zipOf(infoPlist, times(infoPlist) + 1)),
          refused: /a million files/,
        },
        { what: "extra fields", parse: () => visit(zipOf(long, times(long))) },
        {
          what: "property lists of apps with long names",
          parse: () => {
            const { handle, size } = zipOf(infoPlist, times(infoPlist));
            return findApp(handle, size);
          },
          refused: /several apps/,
        },
        {
          what: "folders in folders",
          parse: () => {
            const { handle, size } = zipOf(segments, 1000);
            return findApp(handle, size);
          },
          refused: /no Payload/,
        },
      ];
    },
  },
  {
    name: "zip: one file",
    bound: "the declared size, which the caller bounds: 4 MiB, icons 1 MiB",
    sources: ["issuer/package/read-zip-entry.ts"],
    time: 30,
    memory: 100,
    inputs: () => {
      const largest = deflated(Buffer.alloc(largestFile));
      const bomb = deflated(Buffer.alloc(64 * MiB), largestFile);
      return [
        { what: "4 MiB of zeros", parse: () => readZipEntry(largest.file.handle, largest.file.size, largest.entry) },
        {
          what: "64 MiB of zeros that claim to be 4 MiB",
          parse: () => readZipEntry(bomb.file.handle, bomb.file.size, bomb.entry),
          refused: /truncated or damaged/,
        },
      ];
    },
  },
  {
    name: "xar: table of contents",
    bound: "4 MiB, stored and unpacked; 32 folders deep, paths of 1024 characters; that of XML",
    sources: ["issuer/package/xar.ts", "issuer/package/xar-contents.ts"],
    time: 150,
    memory: 600,
    inputs: () => {
      const many = Array.from({ length: 28_000 }, (_, index) => fileElement(`${index}`, data)).join("");
      const deep = (inner: string, length = 30): string =>
        Array.from({ length: 30 }).reduce<string>(
          (below, _, level) => fileElement(`${"a".repeat(length)}${level}`, below),
          inner,
        );
      return [
        { what: "28 000 files", parse: () => openToc(many) },
        { what: "as many with the longest paths", parse: () => openToc(deep(many)) },
        { what: "33 folders", parse: () => openToc(deep(deep("", 1), 1)), refused: /32 levels/ },
        { what: "one long path", parse: () => openToc(fileElement("a".repeat(1025))), refused: /1024 characters/ },
        { what: "4 MiB and more", parse: () => openToc(" ".repeat(largestFile)), refused: /more than 4 MiB/ },
        {
          what: "64 MiB of zeros that claim to be 1 KiB",
          parse: () =>
            openXar(fileOf([{ bytes: makeXar({}, { toc: Buffer.alloc(64 * MiB), declaredTocSize: 1024n }) }]).handle),
          refused: /more than 4 MiB/,
        },
      ];
    },
  },
  {
    name: "Distribution and PackageInfo",
    bound: "4 MiB each, 8 MiB of PackageInfo together; that of XML",
    sources: [
      "issuer/package/distribution.ts",
      "issuer/package/package-info.ts",
      "issuer/package/localized-title.ts",
      "issuer/package/pkg.ts",
      "issuer/package/component.ts",
    ],
    time: 200,
    memory: 600,
    inputs: () => {
      const distribution = (inner: string): Buffer =>
        Buffer.from(`<installer-gui-script>${inner}</installer-gui-script>`);
      const lines = `<choices-outline>${`${'<line choice="a">'.repeat(90)}${"</line>".repeat(90)}`.repeat(1000)}</choices-outline>`;
      const references = repeated(largestFile - 100, '<pkg-ref id="a">#a.pkg</pkg-ref>').slice(0, 32 * 99_000);
      const strings = Array.from({ length: 9 }, (_, language) => ["x", `a${language} = b;`.repeat(30_000)] as const);
      const archive = { paths: [], signed: false, read: async () => undefined };
      return [
        { what: "lines of the outline", parse: () => readDistribution(distribution(lines)) },
        { what: "references to one package", parse: () => readDistribution(distribution(references)) },
        {
          what: "text before a reference",
          parse: () => readDistribution(distribution(`<pkg-ref id="a">${" ".repeat(largestFile - 100)}</pkg-ref>`)),
        },
        {
          what: "bundles",
          parse: () =>
            readPackageInfo(Buffer.from(`<pkg-info>${'<bundle path="a" id="b"/>'.repeat(66_000)}</pkg-info>`)),
        },
        { what: "translations", parse: () => localizedTitle({ title: "TITLE_KEY", strings }, archive) },
      ];
    },
  },
  {
    name: "Info.plist and provisioning profile",
    bound: "4 MiB; that of the property list",
    sources: ["issuer/package/info-plist.ts", "issuer/package/provisioning-profile.ts"],
    time: 60,
    memory: 300,
    inputs: () => [
      {
        what: "OpenStep text",
        parse: () => parseInfoPlist(Buffer.from(repeated(390_000, "a=b;", "{", "}"))),
      },
      {
        what: "beginnings of XML",
        parse: () => readProvisioningProfile(Buffer.from(filled(largestFile, "<?xml", "", "</plist>"))),
      },
      {
        what: "ends of property lists",
        parse: () => readProvisioningProfile(Buffer.from(filled(largestFile, "</plist>"))),
      },
    ],
  },
  {
    name: "icon",
    bound: "1 MiB, 1024 × 1024 pixels",
    sources: ["issuer/package/portable-png.ts", "issuer/package/app-icon.ts"],
    time: 300,
    memory: 250,
    inputs: () => {
      const small = { width: 1, height: 1, bytes: new Uint8Array(4) };
      // Each row has the filter that takes longest, and pixels that are half transparent.
      const row = Buffer.concat([Buffer.from([4]), Buffer.alloc(4 * 1024, 90)]);
      const data = deflateRawSync(Buffer.concat(Array<Buffer>(1024).fill(row)));
      const largest = writePng(small, { apples: true, data, header: { 2: 4, 3: 0, 6: 4, 7: 0 } });
      const plain = writePng(small);
      const wide = Buffer.alloc(13);
      wide.set([0, 0, 4, 0, 0, 0, 4, 0, 16, 6]);
      const rows = deflateSync(Buffer.alloc((8 * 1024 + 1) * 1024));
      const start = plain.subarray(0, 8);
      const end = pngChunk("IEND", Buffer.alloc(0));
      const empty = pngChunk("IDAT", Buffer.alloc(0));
      return [
        { what: "Xcode's form", parse: () => portablePng(largest) },
        {
          what: "16 bits for each sample",
          parse: () => portablePng(Buffer.concat([start, pngChunk("IHDR", wide), pngChunk("IDAT", rows), end])),
        },
        {
          what: "empty chunks",
          parse: () =>
            portablePng(Buffer.concat([start, pngChunk("IHDR", wide), ...Array<Buffer>(85_000).fill(empty), end])),
        },
        {
          what: "64 MiB of zeros",
          parse: () =>
            portablePng(
              Buffer.concat([
                start,
                pngChunk("IHDR", wide),
                pngChunk("IDAT", deflateSync(Buffer.alloc(64 * MiB))),
                end,
              ]),
            ),
        },
      ];
    },
  },
];
