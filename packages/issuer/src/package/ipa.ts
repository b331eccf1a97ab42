import type { FileHandle } from "node:fs/promises";
import { issuerError } from "../issuer-error.ts";
import { describeApp, type InfoPlist, isSimulatorBuild, ownTitle, parseInfoPlist } from "./info-plist.ts";
import { leadsOutside } from "./leads-outside.ts";
import type { PackageDescription, PackageWarning } from "./package-description.ts";
import { profileWarnings } from "./profile-warnings.ts";
import { type ProvisioningProfile, readProvisioningProfile } from "./provisioning-profile.ts";
import { readZipEntry } from "./read-zip-entry.ts";
import { visitZipEntries, type ZipEntry } from "./zip-directory.ts";

/** In bytes. Real ones have a few kilobytes; a zip bomb has gigabytes. */
const largestInfoPlist = 4 * 1024 * 1024;

const notSigned: PackageWarning = {
  code: "not_signed",
  message: "The app is not signed, so no device installs it: export it from Xcode for distribution.",
};

const simulatorBuild: PackageWarning = {
  code: "simulator_build",
  message: "The app was built for the simulator, so no device can run it: build it for a device.",
};

const titleMissing: PackageWarning = {
  code: "title_missing",
  message:
    "The app has no name of its own, and the archive does not say how the name of its folder is encoded: the title is the bundle identifier.",
};

/** Reads the description of an `.ipa`: the `Info.plist` of the one app in its `Payload`. */
export async function readIpa(handle: FileHandle, now: number): Promise<PackageDescription> {
  const { size } = await handle.stat();
  const { infoPlist, profile: profileEntry, folder, signed } = await findApp(handle, size);
  const info = await readInfoPlist(handle, size, infoPlist);
  const app = describeApp(info, infoPlist.nameIsCertain ? folder : undefined);
  const profile = profileEntry && (await readProfile(handle, size, profileEntry));
  const { title, bundleIdentifier, bundleVersion, build } = app;
  return {
    kind: "ipa",
    metadata: { title, bundleIdentifier, bundleVersion },
    ...(build !== undefined && { build }),
    ...(profile && { profile }),
    apps: [app],
    warnings: [
      ...(signed ? [] : [notSigned]),
      ...(profile ? profileWarnings(profile.expiresAt, now) : []),
      ...(isSimulatorBuild(info) ? [simulatorBuild] : []),
      ...(infoPlist.nameIsCertain || ownTitle(info) !== undefined ? [] : [titleMissing]),
    ],
  };
}

/** Reads the `Info.plist` that {@link findApp} has found. */
export async function readInfoPlist(handle: FileHandle, fileSize: number, entry: ZipEntry): Promise<InfoPlist> {
  if (entry.size > largestInfoPlist || entry.compressedSize > largestInfoPlist) {
    throw issuerError("package_hostile", "The app's Info.plist is larger than 4 MiB: do not use this file.");
  }
  return parseInfoPlist(await readZipEntry(handle, fileSize, entry));
}

async function readProfile(
  handle: FileHandle,
  fileSize: number,
  entry: ZipEntry,
): Promise<ProvisioningProfile | undefined> {
  // Provisioning profiles have a few kilobytes; anything that large is not one.
  if (entry.size > largestInfoPlist || entry.compressedSize > largestInfoPlist) return undefined;
  return readProvisioningProfile(await readZipEntry(handle, fileSize, entry));
}

/** The one app in the `Payload` of an `.ipa`. */
export interface FoundApp {
  readonly infoPlist: ZipEntry;
  /** `embedded.mobileprovision`. */
  readonly profile: ZipEntry | undefined;
  /** The name of the app's folder, without its extension. */
  readonly folder: string;
  readonly signed: boolean;
}

/** Finds the app by its `Info.plist`; rejects if there is none, or more than one. */
export async function findApp(handle: FileHandle, fileSize: number): Promise<FoundApp> {
  let found: Pick<FoundApp, "infoPlist" | "folder"> | undefined;
  let signed = false;
  let profile: ZipEntry | undefined;
  let elsewhere: string | undefined;
  await visitZipEntries(handle, fileSize, (entry) => {
    if (leadsOutside(entry.name)) {
      throw issuerError("package_hostile", "The .ipa contains a file whose path leaves the archive: do not use it.");
    }
    const segments = entry.name.split("/").filter((segment) => segment !== "." && segment !== "");
    const [payload, app = "", name = "", resource = ""] = segments;
    const isApp = /\.app$/i.test(app);
    if (payload === "Payload" && isApp && name === "Info.plist" && segments.length === 3) {
      // Two entries with the same name: different readers might use different ones (CVE-2013-4787 and similar attacks).
      if (found) {
        throw issuerError(
          "package_hostile",
          "The .ipa contains several apps in its Payload: there must be exactly one.",
        );
      }
      found = { infoPlist: entry, folder: app.slice(0, -4) };
    } else if (payload === "Payload" && isApp && name === "embedded.mobileprovision" && segments.length === 3) {
      profile ??= entry;
    } else if (payload === "Payload" && isApp && name === "_CodeSignature" && resource === "CodeResources") {
      signed = true;
    } else {
      elsewhere ??= explainMisplacedApp(segments);
    }
  });
  if (!found) {
    const reason =
      elsewhere ?? "The archive has no Payload/….app/Info.plist, so it is not an .ipa: export the app again.";
    throw issuerError("package_incomplete", reason);
  }
  return { ...found, profile, signed };
}

/** Explains why devices do not find the app of this `Info.plist`; `undefined` for any other file. */
function explainMisplacedApp(segments: readonly string[]): string | undefined {
  const appIndex = segments.findIndex((segment) => /\.app$/i.test(segment));
  const [name = ""] = segments.slice(-1);
  if (segments.length === 1 && /\.ipa$/i.test(name)) {
    return "The archive contains an .ipa and is not one itself: unzip it, and pass the .ipa in it.";
  }
  if (/\.app\\Info\.plist$/i.test(name)) {
    return "The names in the archive have backslashes between folders, which Apple's systems treat as part of the name: zip the Payload folder with a different program.";
  }
  if (appIndex !== -1 && segments.slice(appIndex + 1).join("/") === "Contents/Info.plist") {
    return "The archive contains an app for the Mac, which cannot be installed from an .ipa: build a .pkg with productbuild.";
  }
  if (appIndex === -1 || segments.length !== appIndex + 2 || name.toLowerCase() !== "info.plist") return undefined;
  if (segments[0] === "__MACOSX") return undefined;
  if (appIndex === 1 && segments[0]?.toLowerCase() === "payload") {
    return "The archive contains the app, but devices look for Payload and Info.plist in exactly this case: rename whatever differs.";
  }
  if (appIndex > 1 && segments[appIndex - 1] === "Payload") {
    return "The Payload folder is inside another folder, where devices do not find it: zip the Payload folder itself.";
  }
  return "The app is not in a folder named Payload, so this is not an .ipa: export the app again, or zip it in such a folder.";
}
