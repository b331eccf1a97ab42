import { type Entry, openPromise, type ZipFile } from "yauzl";
import { isIssuerError, issuerError } from "../issuer-error.ts";
import { readInfoPlist } from "./info-plist.ts";
import type { PackageDescription, PackageWarning } from "./package-description.ts";

/** Real ones have a few kilobytes; a zip bomb has gigabytes. */
const largestInfoPlist = 4 * 1024 * 1024;
/** Large apps have some ten thousand files; the list of them is read to its end. */
const mostEntries = 1_000_000;

/** Reads what an `.ipa` says of itself: the `Info.plist` of the one app in its `Payload`. */
export async function readIpa(file: string): Promise<PackageDescription> {
  let archive: ZipFile | undefined;
  try {
    archive = await openPromise(file, {
      lazyEntries: true,
      autoClose: false,
      strictFileNames: true,
    });
    archive.on("error", () => {}); // each read rejects by itself; without a listener it would throw as well
    const { infoPlist, signed } = await findApp(archive);
    const [, folder = ""] = infoPlistPath.exec(infoPlist.fileName) ?? [];
    const app = readInfoPlist(await readEntry(archive, infoPlist), folder);
    const { title, bundleIdentifier, bundleVersion, build } = app;
    const metadata = { title, bundleIdentifier, bundleVersion };
    return {
      kind: "ipa",
      metadata,
      ...(build !== undefined && { build }),
      apps: [app],
      warnings: signed ? [] : [notSigned],
    };
  } catch (error) {
    throw explain(error);
  } finally {
    archive?.close();
  }
}

const infoPlistPath = /^Payload\/([^/]+)\.app\/Info\.plist$/;
const signaturePath = /^Payload\/[^/]+\.app\/_CodeSignature\/CodeResources$/;
const notSigned: PackageWarning = {
  code: "not_signed",
  message: "The app is not signed, and no device installs it: export it from Xcode for distribution.",
};

interface FoundApp {
  readonly infoPlist: Entry;
  readonly signed: boolean;
}

async function findApp(archive: ZipFile): Promise<FoundApp> {
  if (archive.entryCount > mostEntries) {
    throw issuerError("package_hostile", "The .ipa lists more than a million files, which no app has.");
  }
  const found: Entry[] = [];
  let signed = false;
  for await (const entry of archive.eachEntry()) {
    if (infoPlistPath.test(entry.fileName)) found.push(entry);
    if (signaturePath.test(entry.fileName)) signed = true;
  }
  const [infoPlist] = found;
  if (!infoPlist) {
    throw issuerError(
      "package_incomplete",
      "The archive has no Payload/….app/Info.plist, so it is no .ipa: export the app again.",
    );
  }
  // Two of one name: each reader may see the other one (CVE-2013-4787 and its kin).
  if (found.length > 1) {
    throw issuerError("package_hostile", "The .ipa holds several apps in its Payload: there must be one.");
  }
  return { infoPlist, signed };
}

async function readEntry(archive: ZipFile, entry: Entry): Promise<Buffer> {
  if (entry.uncompressedSize > largestInfoPlist) {
    throw issuerError("package_hostile", "The app's Info.plist is larger than 4 MiB, which no app's is.");
  }
  if (!entry.canDecodeFileData()) {
    throw issuerError("package_unsupported", "The .ipa is encrypted or compressed in an unusual way.");
  }
  // The stream fails by itself as soon as it gives more, or ends with less, than is declared.
  const blocks: Buffer[] = [];
  for await (const block of await archive.openReadStreamPromise(entry)) blocks.push(block);
  return Buffer.concat(blocks);
}

function explain(error: unknown): unknown {
  const { message = "", code } = error as NodeJS.ErrnoException;
  if (isIssuerError(error) || (code !== undefined && !code.startsWith("Z_"))) return error;
  if (/relative path|absolute path|invalid characters in fileName/.test(message)) {
    return issuerError("package_hostile", "The .ipa holds a file whose path leads out of it: do not use it.");
  }
  return issuerError("package_damaged", "The .ipa is cut short or damaged: build or copy it again.");
}
