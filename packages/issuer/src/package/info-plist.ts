import { issuerError } from "../issuer-error.ts";
import { isDictionary } from "../property-list/property-list.ts";
import { readPropertyListFile } from "../property-list/read-property-list-file.ts";
import type { PackagedApp } from "./package-description.ts";

/**
 * Describes an app by the names and versions in its `Info.plist`.
 *
 * @param folder - the name of the app's folder, if it is known; it is the title if the Info.plist has no name
 */
export function describeApp(info: InfoPlist, folder: string | undefined): PackagedApp {
  const bundleIdentifier = typeof info.CFBundleIdentifier === "string" ? text(info, "CFBundleIdentifier") : undefined;
  const build = text(info, "CFBundleVersion");
  const bundleVersion = text(info, "CFBundleShortVersionString") ?? build;
  if (bundleIdentifier === undefined) throw missing(info, "CFBundleIdentifier", "text");
  if (bundleVersion === undefined) throw missing(info, "CFBundleVersion", "text or a number");
  const title = ownTitle(info) ?? folder ?? bundleIdentifier;
  return { title, bundleIdentifier, bundleVersion, ...(build !== undefined && { build }) };
}

/** The name in an `Info.plist`, if it has one. */
export function ownTitle(info: InfoPlist): string | undefined {
  return text(info, "CFBundleDisplayName") ?? text(info, "CFBundleName");
}

/** Whether Xcode built the app for its simulator. */
export function isSimulatorBuild({ CFBundleSupportedPlatforms, DTPlatformName }: InfoPlist): boolean {
  const platforms = Array.isArray(CFBundleSupportedPlatforms) ? CFBundleSupportedPlatforms : [DTPlatformName];
  return platforms.some((platform) => typeof platform === "string" && /simulator$/i.test(platform));
}

/** An `Info.plist` as a dictionary. */
export type InfoPlist = Readonly<Record<string, unknown>>;

/** Parses an `Info.plist` in any property list format. */
export function parseInfoPlist(bytes: Buffer): InfoPlist {
  let problem = "it is not a dictionary";
  try {
    const info = readPropertyListFile(bytes);
    if (isDictionary(info)) return info;
  } catch (error) {
    problem = (error as Error).message;
  }
  throw issuerError("package_damaged", `The app's Info.plist cannot be read: ${problem}.`);
}

function missing(info: InfoPlist, key: string, type: string): Error {
  const present = key in info ? ` that is ${type}, and not empty` : "";
  return issuerError("package_incomplete", `The app's Info.plist has no ${key}${present}: build the app again.`);
}

/** The value as text; some build tools write versions as numbers. */
function text(info: InfoPlist, key: string): string | undefined {
  const value = info[key];
  if (typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value))) return String(value);
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}
