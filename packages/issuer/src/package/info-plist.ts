import { issuerError } from "../issuer-error.ts";
import { isDictionary } from "../property-list/property-list.ts";
import { readPropertyListFile } from "../property-list/read-property-list-file.ts";
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
  let problem = "it is not a dictionary";
  try {
    const info = readPropertyListFile(bytes);
    if (isDictionary(info)) return info;
  } catch (error) {
    problem = (error as Error).message;
  }
  throw issuerError("package_damaged", `The app's Info.plist cannot be read: ${problem}.`);
}

function text(info: Record<string, unknown>, key: string): string | undefined {
  const value = Object.hasOwn(info, key) ? info[key] : undefined;
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}
