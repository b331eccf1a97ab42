import { open } from "node:fs/promises";
import { basename } from "node:path";
import { issuerError } from "../issuer-error.ts";
import { type Component, distinctApps, joinComponent, mainComponent } from "./component.ts";
import { type Distribution, readDistribution } from "./distribution.ts";
import type { PackageDescription, PackagedApp, PackageWarning } from "./package-description.ts";
import { type PackageInfo, readPackageInfo } from "./package-info.ts";
import { openXar, type XarArchive } from "./xar.ts";

/** Of all `PackageInfo`s together; real ones have a few kilobytes each. */
const mostPackageInfo = 8 * 1024 * 1024;

/**
 * Reads a flat `.pkg`'s description of itself: a distribution's in its `Distribution`, a component package's in its
 * `PackageInfo`.
 *
 * The manifest of a package whose main component holds its only app has the app's own identifier and version, by which
 * a device knows the app; any other has those of the product, or of the main component.
 */
export async function readPkg(file: string): Promise<PackageDescription> {
  const handle = await open(file, "r");
  try {
    const archive = await openXar(handle);
    const { title, product, components, ordered } = await readContents(archive);
    const main = mainComponent(components, ordered);
    const apps = distinctApps(components.flatMap((component) => component.apps));
    const [app] = main?.apps ?? [];
    const only = apps.length === 1 ? app : undefined;
    const bundleIdentifier = only?.bundleIdentifier ?? product?.identifier ?? main?.identifier;
    // A product without an identifier is not a name, so its version is that of nothing else.
    const productVersion = product?.identifier === undefined ? undefined : product.version;
    const bundleVersion = only?.bundleVersion ?? productVersion ?? main?.version ?? product?.version;
    if (bundleIdentifier === undefined || bundleVersion === undefined) {
      const missing = bundleIdentifier === undefined ? "identifier" : "version";
      throw issuerError("package_incomplete", `The .pkg has no ${missing}: build it with pkgbuild --${missing}.`);
    }
    return {
      kind: "pkg",
      metadata: {
        title: title ?? only?.title ?? basename(file).replace(/\.pkg$/i, ""),
        bundleIdentifier,
        bundleVersion,
      },
      ...(only?.build !== undefined && { build: only.build }),
      apps,
      warnings: warningsOf(archive, apps),
    };
  } finally {
    await handle.close();
  }
}

interface PackageContents {
  readonly title?: string | undefined;
  readonly product?: Distribution["product"];
  readonly components: readonly Component[];
  readonly ordered: boolean;
}

async function readContents(archive: XarArchive): Promise<PackageContents> {
  const content = await archive.read("Distribution");
  if (!content) {
    const component = await archive.read("PackageInfo");
    if (component) return { components: [joinComponent(undefined, readPackageInfo(component))], ordered: false };
    throw issuerError(
      "package_incomplete",
      "The archive has neither a Distribution nor a PackageInfo at its top, so it is not an installer package.",
    );
  }
  const { title, product, references, ordered } = readDistribution(content);
  const packageInfos = await readPackageInfos(archive);
  const folders = new Map([...packageInfos].map(([folder, { identifier }]) => [identifier, folder]));
  const components = references.map((reference) => {
    const folder = reference.folder ?? folders.get(reference.packageIdentifier ?? reference.id);
    const info = packageInfos.get(folder ?? "");
    packageInfos.delete(folder ?? "");
    return joinComponent(reference, info);
  });
  const others = [...packageInfos.values()].map((info) => joinComponent(undefined, info));
  return { title, product, components: [...components, ...others], ordered };
}

/** By the folder that each is in. */
async function readPackageInfos(archive: XarArchive): Promise<Map<string, PackageInfo>> {
  const packageInfos = new Map<string, PackageInfo>();
  let bytes = 0;
  for (const path of archive.paths) {
    if (!path.endsWith("/PackageInfo")) continue;
    const content = await archive.read(path);
    bytes += content?.length ?? 0;
    if (bytes > mostPackageInfo) {
      throw issuerError("package_hostile", "The .pkg describes its components in more than 8 MiB: do not use it.");
    }
    if (content) packageInfos.set(path.slice(0, -"/PackageInfo".length), readPackageInfo(content));
  }
  return packageInfos;
}

function warningsOf(archive: XarArchive, apps: readonly PackagedApp[]): PackageWarning[] {
  const warnings: PackageWarning[] = [];
  if (!archive.paths.includes("Distribution")) {
    warnings.push({
      code: "not_a_distribution",
      message:
        "This is a component package, which MDM does not install: productbuild --package component.pkg distribution.pkg makes a distribution of it.",
    });
  }
  if (!archive.signed) {
    warnings.push({
      code: "not_signed",
      message: "The package is not signed, and MDM installs only signed ones: productsign signs it.",
    });
  }
  if (apps.length > 1) {
    warnings.push({
      code: "several_apps",
      message: "The package holds several apps: the manifest names the package, and none of them can be managed.",
    });
  }
  return warnings;
}
