import { issuerError } from "../issuer-error.ts";
import { isDictionary } from "../property-list/property-list.ts";
import { readPropertyListFile } from "../property-list/read-property-list-file.ts";
import type { PackagedApp } from "./package-description.ts";

/**
 * Reads an app's names and versions from its `Info.plist`, in any property list format.
 *
 * @param fallbackTitle - the name of the app's folder, for an app whose Info.plist has no name
 */
export function readInfoPlist(bytes: Buffer, fallbackTitle: string): PackagedApp {
  const info = parse(bytes);
  const bundleIdentifier = typeof info.CFBundleIdentifier === "string" ? text(info, "CFBundleIdentifier") : undefined;
  const build = text(info, "CFBundleVersion");
  const bundleVersion = text(info, "CFBundleShortVersionString") ?? build;
  if (bundleIdentifier === undefined) throw missing(info, "CFBundleIdentifier", "text");
  if (bundleVersion === undefined) throw missing(info, "CFBundleVersion", "text or a number");
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

function missing(info: Record<string, unknown>, key: string, type: string): Error {
  const present = key in info ? ` that is ${type}, and not empty` : "";
  return issuerError("package_incomplete", `The app's Info.plist has no ${key}${present}: build the app again.`);
}

/** A text, or a number, which some build tools write for versions. */
function text(info: Record<string, unknown>, key: string): string | undefined {
  const value = info[key];
  if (typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value))) return String(value);
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}
