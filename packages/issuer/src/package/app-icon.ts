import type { FileHandle } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { isIssuerError } from "../issuer-error.ts";
import { openRegularFile } from "../open-regular-file.ts";
import { isDictionary } from "../property-list/property-list.ts";
import type { InfoPlist } from "./info-plist.ts";
import { findApp, readInfoPlist } from "./ipa.ts";
import { type PortablePng, portablePng } from "./portable-png.ts";
import { isZip } from "./read-package.ts";
import { readZipEntry } from "./read-zip-entry.ts";
import { visitZipEntries, type ZipEntry } from "./zip-directory.ts";

/** In bytes. */
const largestIcon = 1024 * 1024;
/** An app has one for each kind of screen: two for iPhones, three for iPads. */
const mostIcons = 16;

/**
 * Reads the icon of an `.ipa`: the widest image that its `Info.plist` names, at most 1024 × 1024 pixels, as a PNG that
 * contains only its pixels. Resolves with `undefined` if there is none that can be read, and for a `.pkg`, which has
 * none.
 *
 * Rejects like `readPackage` for an `.ipa` that is damaged or hostile; a damaged icon counts as missing.
 *
 * @example
 * const png = await readAppIcon("example.ipa");
 */
export async function readAppIcon(file: string | URL): Promise<Buffer | undefined> {
  const path = typeof file === "string" ? file : fileURLToPath(file);
  const handle = await openRegularFile(path, "This is a folder, pipe or device, not a regular file: pass an .ipa.");
  try {
    return (await isZip(handle)) ? (await findIcon(handle))?.png : undefined;
  } finally {
    await handle.close();
  }
}

async function findIcon(handle: FileHandle): Promise<PortablePng | undefined> {
  const { size } = await handle.stat();
  const { infoPlist } = await findApp(handle, size);
  const names = iconNames(await readInfoPlist(handle, size, infoPlist));
  const folder = infoPlist.name.slice(0, -"Info.plist".length);
  const entries: ZipEntry[] = [];
  await visitZipEntries(handle, size, (entry) => {
    const { name, size, compressedSize } = entry;
    if (entries.length >= mostIcons || size > largestIcon || compressedSize > largestIcon) return;
    if (name.startsWith(folder) && names.has(baseName(name.slice(folder.length)))) entries.push(entry);
  });
  let widest: PortablePng | undefined;
  for (const entry of entries) {
    const icon = await readIcon(handle, size, entry);
    if (icon && icon.width > (widest?.width ?? 0)) widest = icon;
  }
  return widest;
}

async function readIcon(handle: FileHandle, size: number, entry: ZipEntry): Promise<PortablePng | undefined> {
  try {
    return await portablePng(await readZipEntry(handle, size, entry));
  } catch (error) {
    if (isIssuerError(error)) return undefined;
    throw error;
  }
}

/**
 * The names in `CFBundleIcons`, and in the keys that apps had before iOS 5, without the part that differs for each
 * screen.
 */
function iconNames(info: InfoPlist): ReadonlySet<string> {
  const primary = [info.CFBundleIcons, info["CFBundleIcons~ipad"]].map((icons) =>
    isDictionary(icons) ? icons.CFBundlePrimaryIcon : undefined,
  );
  const files = [...primary, info].flatMap((icons) => (isDictionary(icons) ? icons.CFBundleIconFiles : undefined));
  const names = [...files, info.CFBundleIconFile].filter((name) => typeof name === "string" && name !== "");
  return new Set(names.map((name) => baseName(name as string)));
}

/** `AppIcon60x60` of `AppIcon60x60@2x~ipad.png`. */
function baseName(name: string): string {
  return name
    .replace(/\.png$/i, "")
    .replace(/~(?:ipad|iphone)$/, "")
    .replace(/@[23]x$/, "");
}
