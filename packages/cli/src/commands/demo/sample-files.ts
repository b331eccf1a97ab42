import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { strToU8, zipSync } from "fflate";
import { sampleIcon } from "./sample-icon.ts";

/** A temporary folder with one file of each kind that Jamf Pro installs. */
export interface SampleFolder {
  readonly path: string;
  readonly names: readonly string[];
  /** Where a public key can be put; it is not served. */
  readonly keyFile: string;
  remove(): void;
}

/** Creates the folder; the files are small but well-formed, so that other commands can read them. */
export function createSampleFolder(): SampleFolder {
  const base = mkdtempSync(join(tmpdir(), "portcullis-demo-"));
  const path = join(base, "files");
  mkdirSync(path);
  const files: Readonly<Record<string, Uint8Array>> = {
    "field-notes.ipa": sampleApp(),
    "office-fonts.pkg": samplePackage(),
    "staff-handbook.epub": sampleBook(),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return {
    path,
    names: Object.keys(files),
    keyFile: join(base, "public.pem"),
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}

/** An iOS app archive: a zip with the app's bundle below `Payload`. */
function sampleApp(): Uint8Array {
  const bundle = "Payload/FieldNotes.app";
  const info = propertyList({
    CFBundleIdentifier: "com.example.field-notes",
    CFBundleName: "Field Notes",
    CFBundleVersion: "4",
    CFBundleShortVersionString: "1.2.0",
    CFBundlePackageType: "APPL",
    MinimumOSVersion: "17.0",
    CFBundleIconFile: "AppIcon",
  });
  return zipSync({
    [`${bundle}/Info.plist`]: strToU8(info),
    [`${bundle}/AppIcon.png`]: sampleIcon(),
    // Random bytes instead of machine code, enough to try ranges and resumed downloads.
    [`${bundle}/FieldNotes`]: [randomBytes(1_000_000), { level: 0 }],
  });
}

/** A flat installer package: a xar archive (header, compressed table of contents, heap). */
function samplePackage(): Uint8Array {
  const info = Buffer.from(
    '<?xml version="1.0" encoding="utf-8"?>\n<pkg-info format-version="2" identifier="com.example.office-fonts" version="3.1" install-location="/Library/Fonts" auth="root"/>\n',
  );
  const packed = deflateSync(info);
  const tableOfContents = Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<xar><toc><file id="1"><name>PackageInfo</name><type>file</type><data><length>${packed.length}</length><offset>0</offset><size>${info.length}</size><encoding style="application/x-gzip"/></data></file></toc></xar>\n`,
  );
  const compressed = deflateSync(tableOfContents);
  const header = Buffer.alloc(28);
  header.write("xar!", 0, "latin1");
  header.writeUInt16BE(header.length, 4);
  header.writeUInt16BE(1, 6); // version; the last field, 0, means no checksums
  header.writeBigUInt64BE(BigInt(compressed.length), 8);
  header.writeBigUInt64BE(BigInt(tableOfContents.length), 16);
  return Buffer.concat([header, compressed, packed]);
}

/** An EPUB book: a zip whose first entry, uncompressed, names its type (EPUB 3.3 section 4.2.2). */
function sampleBook(): Uint8Array {
  return zipSync({
    mimetype: [strToU8("application/epub+zip"), { level: 0 }],
    "META-INF/container.xml": strToU8(
      '<?xml version="1.0"?>\n<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>\n',
    ),
    "book.opf": strToU8(
      '<?xml version="1.0"?>\n<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">staff-handbook</dc:identifier><dc:title>Staff Handbook</dc:title><dc:language>en</dc:language><meta property="dcterms:modified">2024-01-01T00:00:00Z</meta></metadata><manifest><item id="c" href="handbook.xhtml" media-type="application/xhtml+xml" properties="nav"/></manifest><spine><itemref idref="c"/></spine></package>\n',
    ),
    "handbook.xhtml": strToU8(
      '<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head><title>Staff Handbook</title></head><body><nav epub:type="toc"><ol><li><a href="handbook.xhtml">Welcome</a></li></ol></nav></body></html>\n',
    ),
  });
}

function propertyList(entries: Readonly<Record<string, string>>): string {
  const lines = Object.entries(entries).map(([key, value]) => `  <key>${key}</key><string>${value}</string>`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0"><dict>\n${lines.join("\n")}\n</dict></plist>\n`;
}
