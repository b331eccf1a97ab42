import type { FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { issuerError } from "../issuer-error.ts";
import { openRegularFile } from "../open-regular-file.ts";
import { checkNames } from "./check-names.ts";
import { readIpa } from "./ipa.ts";
import type { PackageDescription } from "./package-description.ts";
import { readPkg } from "./pkg.ts";

/** Options for reading a package. */
export interface ReadPackageOptions {
  /** The clock, in seconds since 1970, for the warning about an expired provisioning profile. */
  readonly now?: () => number;
}

/**
 * Reads title, bundle identifier and version from an `.ipa` or a flat `.pkg`. The format is detected
 * from the file's content, not its name; nothing is unpacked to disk.
 *
 * Rejects with `package_unknown`, `package_damaged`, `package_hostile`, `package_unsupported`,
 * `package_incomplete` or `file_not_regular`, or with Node's error if the file cannot be read.
 *
 * @example
 * const { metadata, warnings } = await readPackage("example.ipa");
 * const manifest = await issuer.appManifest({ ...metadata, softwarePackage: url });
 */
export async function readPackage(
  file: string | URL,
  { now = () => Date.now() / 1000 }: ReadPackageOptions = {},
): Promise<PackageDescription> {
  const path = typeof file === "string" ? file : fileURLToPath(file);
  const handle = await openRegularFile(
    path,
    "This is a folder, pipe or device, not a regular file: pass an .ipa or a flat .pkg (productbuild converts a bundle).",
  );
  try {
    const magic = await readMagic(handle);
    if (magic === "xar!") return checkNames(await readPkg(handle, basename(path)));
    if (zipMagics.includes(magic)) return checkNames(await readIpa(handle, now()));
    throw issuerError("package_unknown", await explainUnknown(handle));
  } finally {
    await handle.close();
  }
}

/** What people pass instead of a package, by its first bytes as Latin-1. */
const otherFormats: readonly (readonly [start: RegExp, problem: string])[] = [
  [/^$/, "The file is empty: copy it again."],
  [/^\s*<(?:!doctype|html)/i, "The file is a web page, perhaps a sign-in page: download the package again."],
  [/^\s*(?:<\?xml|<plist|bplist)/, "The file is a property list or other XML, not the package itself."],
  [/^version https:\/\/git-lfs/, "The file is a Git LFS pointer: run git lfs pull, which fetches the package."],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is how gzip begins
  [/^\x1f\x8b/, "The file is in gzip format: unpack it, and pass the .ipa or .pkg in it."],
  [/^BZh/, "The file is in bzip2 format: unpack it, and pass the .ipa or .pkg in it."],
  [/^\xfd7zXZ/, "The file is in xz format: unpack it, and pass the .ipa or .pkg in it."],
  [/^7z\xbc\xaf/, "The file is in 7-Zip format: unpack it, and pass the .ipa or .pkg in it."],
  [/^Rar!/, "The file is in RAR format: unpack it, and pass the .ipa or .pkg in it."],
];

async function explainUnknown(handle: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
  const start = buffer.toString("latin1", 0, bytesRead);
  const known = otherFormats.find(([pattern]) => pattern.test(start));
  if (known) return known[1];
  const { size } = await handle.stat();
  const trailer = Buffer.alloc(4);
  // Apple's disk images end with a block of 512 bytes that begins with these four letters.
  if (size >= 512) await handle.read(trailer, 0, 4, size - 512);
  if (trailer.toString("latin1") === "koly") return "The file is a disk image: open it, and pass the .pkg in it.";
  return "The file is neither an .ipa (zip) nor a flat .pkg (xar).";
}

/** The first bytes of a zip archive with files, and of an empty one. */
const zipMagics: readonly string[] = ["PK\u0003\u0004", "PK\u0005\u0006"];

/** Whether a file is a zip archive, as every `.ipa` is. */
export async function isZip(handle: FileHandle): Promise<boolean> {
  return zipMagics.includes(await readMagic(handle));
}

async function readMagic(handle: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
  return buffer.toString("latin1", 0, bytesRead);
}
