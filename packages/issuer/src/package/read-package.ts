import type { FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { issuerError } from "../issuer-error.ts";
import { openRegularFile } from "../open-regular-file.ts";
import { readIpa } from "./ipa.ts";
import type { PackageDescription } from "./package-description.ts";
import { readPkg } from "./pkg.ts";

/** How to read a package. */
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
    "This is a folder, pipe or device, not a regular file: give an .ipa or a flat .pkg (productbuild converts a bundle).",
  );
  try {
    const magic = await readMagic(handle);
    if (magic === "xar!") return await readPkg(handle, basename(path));
    if (zipMagics.includes(magic)) return await readIpa(handle, now());
    throw issuerError("package_unknown", "The file is neither an .ipa (zip) nor a flat .pkg (xar).");
  } finally {
    await handle.close();
  }
}

/** Of a zip archive with files, and of one without any. */
const zipMagics: readonly string[] = ["PK\u0003\u0004", "PK\u0005\u0006"];

/** Whether a file is a zip archive, as every `.ipa` is. */
export async function isZip(handle: FileHandle): Promise<boolean> {
  return zipMagics.includes(await readMagic(handle));
}

async function readMagic(handle: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
  return buffer.toString("latin1", 0, bytesRead);
}
