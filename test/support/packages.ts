import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";
import { python } from "./python.ts";

/** A file for {@link writeZip}: its content in base64, or a property list that Python writes. */
export interface ZipMember {
  readonly name: string;
  readonly base64?: string;
  readonly plist?: Record<string, unknown>;
  readonly binary?: boolean;
  /** This many zero bytes. */
  readonly zeros?: number;
  readonly stored?: boolean;
  /** Whether the sizes are written as in archives over 4 GiB. */
  readonly zip64?: boolean;
}

/** Writes a zip archive with Python's zipfile, which accepts any name, as an attacker would. */
export function writeZip(file: string, members: readonly ZipMember[]): string {
  python(
    `import base64, plistlib, warnings, zipfile
warnings.simplefilter("ignore")
with zipfile.ZipFile(input["file"], "w") as archive:
    for member in input["members"]:
        if "plist" in member:
            format = plistlib.FMT_BINARY if member.get("binary") else plistlib.FMT_XML
            content = plistlib.dumps(member["plist"], fmt=format)
        elif "zeros" in member:
            content = bytes(member["zeros"])
        else:
            content = base64.b64decode(member["base64"])
        method = zipfile.ZIP_STORED if member.get("stored") else zipfile.ZIP_DEFLATED
        entry = zipfile.ZipInfo(member["name"])
        entry.compress_type = method
        with archive.open(entry, "w", force_zip64=member.get("zip64", False)) as file:
            file.write(content)`,
    { file, members },
  );
  return file;
}

/** A file for {@link writeZipWithoutZip64}; `hole` is how many zero bytes, which take no space on disk, follow it. */
export interface StoredMember {
  readonly name: string | Buffer;
  readonly content: string;
  readonly hole?: number;
}

/** Writes a zip archive as Xcode does: no ZIP64, so that sizes, offsets and counts lose their higher bits. */
export function writeZipWithoutZip64(file: string, members: readonly StoredMember[]): string {
  const descriptor = openSync(file, "w");
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, hole = 0 } of members) {
    const nameBytes = Buffer.from(name);
    const size = (Buffer.byteLength(content) + hole) % 2 ** 32;
    const fields = Buffer.alloc(26); // from "version needed" to "extra field length", the same in both headers
    fields.writeUInt16LE(20, 0);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(size, 14);
    fields.writeUInt32LE(size, 18);
    fields.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), fields, nameBytes, Buffer.from(content)]);
    writeSync(descriptor, local, 0, local.length, offset);
    const central = Buffer.alloc(46);
    central.write("PK\u0001\u0002", "latin1");
    fields.copy(central, 6);
    central.writeUInt32LE(offset % 2 ** 32, 42);
    directory.push(central, nameBytes);
    offset += local.length + hole;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", "latin1");
  end.writeUInt16LE(members.length % 2 ** 16, 8);
  end.writeUInt16LE(members.length % 2 ** 16, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset % 2 ** 32, 16);
  writeSync(descriptor, Buffer.concat([entries, end]), 0, entries.length + 22, offset);
  closeSync(descriptor);
  return file;
}

/** Writes a xar archive of the files in a folder with bsdtar. */
export function writeXarByBsdtar(file: string, folder: string, names: readonly string[]): string {
  runTool("bsdtar", ["--format=xar", "-cf", file, ...names], folder, "libarchive-tools");
  return file;
}

/** Writes a zip archive of a folder in a folder with the zip command. */
export function writeZipByZip(file: string, folder: string, name: string): string {
  runTool("zip", ["-qr", file, name], folder, "zip");
  return file;
}

/** Runs a command in a folder. Throws if there is no such command; the message names the Debian package. */
function runTool(command: string, args: readonly string[], cwd: string, debianPackage: string): void {
  try {
    execFileSync(command, args, { cwd });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Error(`there is no ${command} command here: apt-get install ${debianPackage}`);
  }
}

/** What can be wrong with a hand-made xar archive. */
export interface XarFlaws {
  /** Used instead of the true one. */
  readonly declaredTocSize?: bigint;
  readonly declaredTocLength?: bigint;
  readonly toc?: string | Buffer;
  readonly extraToc?: string;
  /** Used instead of the correct content of a file's `data`. */
  readonly data?: string;
}

/** Creates a xar archive by hand, valid or not. */
export function makeXar(files: Readonly<Record<string, string | Buffer>>, flaws: XarFlaws = {}): Buffer {
  const heap: Buffer[] = [];
  let offset = 0;
  let elements = "";
  for (const [name, content] of Object.entries(files)) {
    const stored = deflateSync(content);
    const checksum = createHash("sha256").update(content).digest("hex");
    const data = `<offset>${offset}</offset><length>${stored.length}</length><size>${Buffer.byteLength(content)}</size><encoding style="application/x-gzip"/><extracted-checksum style="SHA256">${checksum}</extracted-checksum>`;
    elements += `<file><name>${name}</name><type>file</type><data>${flaws.data ?? data}</data></file>`;
    heap.push(stored);
    offset += stored.length;
  }
  const xml =
    flaws.toc ?? `<?xml version="1.0" encoding="UTF-8"?><xar><toc>${flaws.extraToc ?? ""}${elements}</toc></xar>`;
  const toc = deflateSync(xml);
  const header = Buffer.alloc(28);
  header.write("xar!", "latin1");
  header.writeUInt16BE(28, 4);
  header.writeUInt16BE(1, 6);
  header.writeBigUInt64BE(flaws.declaredTocLength ?? BigInt(toc.length), 8);
  header.writeBigUInt64BE(flaws.declaredTocSize ?? BigInt(Buffer.byteLength(xml)), 16);
  return Buffer.concat([header, toc, ...heap]);
}

/** One object of a binary property list: a string, or the indices of a dictionary's keys and values or of an array. */
export type BinaryObject =
  | string
  | { readonly keys: number[]; readonly values: number[] }
  | { readonly array: number[] };

/** Creates a binary property list by hand, so that objects can refer to each other as no writer would; the first is outermost. */
export function makeBinaryPlist(objects: readonly BinaryObject[]): Buffer {
  const parts: Buffer[] = [Buffer.from("bplist00")];
  const offsets: number[] = [];
  let offset = 8;
  for (const object of objects) {
    const part = binaryObject(object);
    offsets.push(offset);
    offset += part.length;
    parts.push(part);
  }
  const table = Buffer.alloc(offsets.length * 4);
  for (const [index, value] of offsets.entries()) table.writeUInt32BE(value, index * 4);
  const trailer = Buffer.alloc(32);
  trailer.writeUInt8(4, 6);
  trailer.writeUInt8(2, 7);
  trailer.writeBigUInt64BE(BigInt(objects.length), 8);
  trailer.writeBigUInt64BE(BigInt(offset), 24);
  return Buffer.concat([...parts, table, trailer]);
}

function binaryObject(object: BinaryObject): Buffer {
  if (typeof object === "string") return Buffer.concat([marker(0x50, object.length), Buffer.from(object)]);
  if ("array" in object) return Buffer.concat([marker(0xa0, object.array.length), references(object.array)]);
  return Buffer.concat([marker(0xd0, object.keys.length), references(object.keys), references(object.values)]);
}

function marker(type: number, count: number): Buffer {
  return count < 15
    ? Buffer.from([type | count])
    : Buffer.from([type | 15, 0x12, count >> 24, count >> 16, count >> 8, count]);
}

function references(indices: readonly number[]): Buffer {
  const buffer = Buffer.alloc(indices.length * 2);
  for (const [index, reference] of indices.entries()) buffer.writeUInt16BE(reference, index * 2);
  return buffer;
}
