import { posix } from "node:path";
import { issuerError } from "../issuer-error.ts";
import { decodeXml } from "../property-list/decode-text.ts";
import { childrenNamed, childText, parseXml, type XmlElement } from "../property-list/xml.ts";
import type { PackagedApp } from "./package-description.ts";

/** The names found in one of a package's XML files. */
export interface PackageNames {
  readonly title: string | undefined;
  readonly identifier: string | undefined;
  readonly version: string | undefined;
  readonly apps: readonly PackagedApp[];
}

/** Reads a `Distribution` (Apple, Distribution Definition XML): what a distribution package installs. */
export function readDistribution(content: Buffer): PackageNames {
  const root = readRoot(content, "Distribution");
  const references = childrenNamed(root, "pkg-ref");
  const [product] = childrenNamed(root, "product");
  const versioned = references.find((reference) => attribute(reference, "version") !== undefined);
  const title = childText(root, "title");
  return {
    // Capitals and underscores only: the name of a translation that is elsewhere.
    title: title === undefined || title === "" || /^[A-Z0-9]*_[A-Z0-9_]*$/.test(title) ? undefined : title,
    identifier: named(product, "id") ?? named(versioned ?? references[0], "id"),
    version: named(product, "version") ?? named(versioned, "version"),
    apps: references.flatMap((reference) =>
      childrenNamed(reference, "bundle-version").flatMap((list) => appsAmong(childrenNamed(list, "bundle"))),
    ),
  };
}

/** Reads the `PackageInfo` of a component package. */
export function readPackageInfo(content: Buffer): PackageNames {
  const root = readRoot(content, "PackageInfo");
  return {
    title: undefined,
    identifier: attribute(root, "identifier"),
    version: attribute(root, "version"),
    apps: appsAmong(childrenNamed(root, "bundle")),
  };
}

/** The outermost apps among the bundles: not frameworks, and not what is inside another app. */
function appsAmong(bundles: readonly XmlElement[]): PackagedApp[] {
  return bundles.flatMap((bundle) => {
    const path = attribute(bundle, "path") ?? "";
    const bundleIdentifier = attribute(bundle, "id") ?? attribute(bundle, "CFBundleIdentifier");
    const build = attribute(bundle, "CFBundleVersion");
    const bundleVersion = attribute(bundle, "CFBundleShortVersionString") ?? build;
    const isApp = /^(?:(?!\.app\/).)*\.app\/?$/.test(path);
    if (!isApp || bundleIdentifier === undefined || bundleVersion === undefined) return [];
    const title = posix.basename(path).replace(/\.app$/, "");
    return [{ title, bundleIdentifier, bundleVersion, ...(build !== undefined && { build }) }];
  });
}

function readRoot(content: Buffer, name: string): XmlElement {
  try {
    return parseXml(decodeXml(content));
  } catch {
    // Said below: what the parser says is of no use to the person who has the package.
  }
  throw issuerError("package_damaged", `The ${name} in the .pkg cannot be read: build or copy the package again.`);
}

function named(element: XmlElement | undefined, name: string): string | undefined {
  return element && attribute(element, name);
}

function attribute(element: XmlElement, name: string): string | undefined {
  const value = element.attributes[name]?.trim();
  return value === "" ? undefined : (value ?? undefined);
}
