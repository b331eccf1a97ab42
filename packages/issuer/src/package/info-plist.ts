import { issuerError } from "../issuer-error.ts";
import { readBinaryPlist } from "../property-list/binary-plist.ts";
import { isDictionary, readPropertyList } from "../property-list/property-list.ts";
import type { PackagedApp } from "./package-description.ts";

/**
 * Reads what names an app out of its `Info.plist`, binary or XML.
 *
 * @param fallbackTitle - the name of the app's folder, for an app that has no name of its own
 */
export function readInfoPlist(bytes: Buffer, fallbackTitle: string): PackagedApp {
  const info = parse(bytes);
  const bundleIdentifier = text(info, "CFBundleIdentifier");
  const build = text(info, "CFBundleVersion");
  const bundleVersion = text(info, "CFBundleShortVersionString") ?? build;
  if (bundleIdentifier === undefined || bundleVersion === undefined) {
    const missing = bundleIdentifier === undefined ? "CFBundleIdentifier" : "CFBundleVersion";
    throw issuerError("package_incomplete", `The app's Info.plist has no ${missing}: build the app again.`);
  }
  const title = text(info, "CFBundleDisplayName") ?? text(info, "CFBundleName") ?? fallbackTitle;
  return { title, bundleIdentifier, bundleVersion, ...(build !== undefined && { build }) };
}

function parse(bytes: Buffer): Record<string, unknown> {
  let info: unknown;
  try {
    const isBinary = bytes.subarray(0, 6).toString("latin1") === "bplist";
    info = isBinary
      ? readBinaryPlist(bytes)
      : readPropertyList(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    info = undefined;
  }
  if (isDictionary(info)) return info;
  throw issuerError("package_damaged", "The app's Info.plist cannot be read: build or copy the app again.");
}

function text(info: Record<string, unknown>, key: string): string | undefined {
  const value = Object.hasOwn(info, key) ? info[key] : undefined;
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}
