import type { FileHandle } from "node:fs/promises";
import { issuerError } from "../issuer-error.ts";
import { type Component, distinctApps, joinComponent, mainComponent } from "./component.ts";
import { type Distribution, readDistribution } from "./distribution.ts";
import { localizedTitle } from "./localized-title.ts";
import type { PackageDescription, PackagedApp, PackageWarning } from "./package-description.ts";
import { type PackageInfo, readPackageInfo } from "./package-info.ts";
import { openXar, type XarArchive } from "./xar.ts";

/** In bytes, for all `PackageInfo` files together; real ones have a few kilobytes each. */
const mostPackageInfo = 8 * 1024 * 1024;

/**
 * Reads the description of a flat `.pkg`: the `Distribution` of a distribution, or the `PackageInfo` of a component
 * package.
 *
 * If the main component contains the package's only app, identifier and version are the app's own, by which a device
 * identifies it; otherwise they are those of the product, or of the main component.
 */
export async function readPkg(handle: FileHandle, name: string): Promise<PackageDescription> {
  const archive = await openXar(handle);
  const { title, product, components, ordered } = await readContents(archive);
  const main = mainComponent(components, ordered);
  const apps = distinctApps(components.flatMap((component) => component.apps));
  const [app] = main?.apps ?? [];
  const only = apps.length === 1 ? app : undefined;
  const bundleIdentifier = only?.bundleIdentifier ?? product?.identifier ?? main?.identifier;
  // The version of a product without an identifier must not be combined with another identifier.
  const productVersion = product?.identifier === undefined ? undefined : product.version;
  const bundleVersion = only?.bundleVersion ?? productVersion ?? main?.version ?? product?.version;
  if (bundleIdentifier === undefined || bundleVersion === undefined) {
    const missing = bundleIdentifier === undefined ? "identifier" : "version";
    throw issuerError("package_incomplete", `The .pkg has no ${missing}: build it with pkgbuild --${missing}.`);
  }
  return {
    kind: "pkg",
    metadata: {
      title: title ?? only?.title ?? name.replace(/\.pkg$/i, ""),
      bundleIdentifier,
      bundleVersion,
    },
    ...(only?.build !== undefined && { build: only.build }),
    apps,
    warnings: warningsOf(archive, apps),
  };
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
      "The archive has neither a Distribution nor a PackageInfo at its top level, so it is not an installer package.",
    );
  }
  const distribution = readDistribution(content);
  const { product, references, ordered } = distribution;
  const title = await localizedTitle(distribution, archive);
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

/** The `PackageInfo` of each component, by its folder. */
async function readPackageInfos(archive: XarArchive): Promise<Map<string, PackageInfo>> {
  const packageInfos = new Map<string, PackageInfo>();
  let bytes = 0;
  for (const path of archive.paths) {
    if (!path.endsWith("/PackageInfo")) continue;
    const content = await archive.read(path);
    bytes += content?.length ?? 0;
    if (bytes > mostPackageInfo) {
      throw issuerError("package_hostile", "The .pkg has more than 8 MiB of component descriptions: do not use it.");
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
        "This is a component package, which MDM does not install. To convert it to a distribution, run: productbuild --package component.pkg distribution.pkg",
    });
  }
  if (!archive.signed) {
    warnings.push({
      code: "not_signed",
      message: "The package is not signed, and MDM installs only signed packages: sign it with productsign.",
    });
  }
  if (apps.length > 1) {
    warnings.push({
      code: "several_apps",
      message:
        "The package contains several apps: the manifest names the package, and none of the apps can be managed.",
    });
  }
  return warnings;
}
