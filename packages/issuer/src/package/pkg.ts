import { open } from "node:fs/promises";
import { basename } from "node:path";
import { issuerError } from "../issuer-error.ts";
import type { PackageDescription, PackagedApp, PackageWarning } from "./package-description.ts";
import { type PackageNames, readDistribution, readPackageInfo } from "./package-names.ts";
import { openXar, type XarArchive } from "./xar.ts";

/** Of all `PackageInfo`s together; real ones have a few kilobytes each. */
const mostPackageInfo = 8 * 1024 * 1024;

/**
 * Reads what a flat `.pkg` says of itself: a distribution by its `Distribution`, a component package
 * by its `PackageInfo`.
 *
 * The manifest of a package with one app takes the app's own identifier and version, by which a
 * device knows the app; any other takes those of the package.
 */
export async function readPkg(file: string): Promise<PackageDescription> {
  const handle = await open(file, "r");
  try {
    const archive = await openXar(handle);
    const names = await readNames(archive);
    const [app, another] = names.apps;
    const only = another === undefined ? app : undefined;
    const bundleIdentifier = only?.bundleIdentifier ?? names.identifier;
    const bundleVersion = only?.bundleVersion ?? names.version;
    if (bundleIdentifier === undefined || bundleVersion === undefined) {
      const missing = bundleIdentifier === undefined ? "identifier" : "version";
      throw issuerError("package_incomplete", `The .pkg has no ${missing}: build it with pkgbuild --${missing}.`);
    }
    const title = names.title ?? only?.title ?? basename(file).replace(/\.pkg$/i, "");
    return {
      kind: "pkg",
      metadata: { title, bundleIdentifier, bundleVersion },
      ...(only?.build !== undefined && { build: only.build }),
      apps: names.apps,
      warnings: warningsOf(archive, names.apps),
    };
  } finally {
    await handle.close();
  }
}

async function readNames(archive: XarArchive): Promise<PackageNames> {
  const distribution = await archive.read("Distribution");
  if (!distribution) {
    const component = await archive.read("PackageInfo");
    if (component) return readPackageInfo(component);
    throw issuerError(
      "package_incomplete",
      "The archive has neither a Distribution nor a PackageInfo, so it is no installer package.",
    );
  }
  const names = readDistribution(distribution);
  const inner = await readComponents(archive);
  const apps = distinct([...names.apps, ...inner.flatMap((component) => component.apps)]);
  const [first] = inner;
  return {
    title: names.title,
    identifier: names.identifier ?? first?.identifier,
    version: names.version ?? first?.version,
    apps,
  };
}

async function readComponents(archive: XarArchive): Promise<PackageNames[]> {
  const components: PackageNames[] = [];
  let bytes = 0;
  for (const path of archive.paths) {
    const content = /^[^/]+\/PackageInfo$/.test(path) ? await archive.read(path) : undefined;
    if (!content) continue;
    bytes += content.length;
    if (bytes > mostPackageInfo) {
      throw issuerError("package_hostile", "The .pkg describes its components in more than 8 MiB: do not use it.");
    }
    components.push(readPackageInfo(content));
  }
  return components;
}

/** A distribution repeats what its components say. */
function distinct(apps: readonly PackagedApp[]): PackagedApp[] {
  const known = new Map<string, PackagedApp>();
  for (const app of apps) {
    if (!known.has(app.bundleIdentifier)) known.set(app.bundleIdentifier, app);
  }
  return [...known.values()];
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
