import { issuerError } from "../issuer-error.ts";
import { decodeXml } from "../property-list/decode-text.ts";
import { childrenNamed, parseXml, type XmlElement } from "../property-list/xml.ts";

/** A bundle, such as an app or a framework, that a component package installs. */
export interface Bundle {
  /** Relative to where the component is installed. */
  readonly path: string;
  readonly identifier: string;
  /** `CFBundleShortVersionString`. */
  readonly version: string | undefined;
  /** `CFBundleVersion`. */
  readonly build: string | undefined;
}

/** The `PackageInfo` of a component package. */
export interface PackageInfo {
  readonly identifier: string | undefined;
  readonly version: string | undefined;
  readonly installLocation: string | undefined;
  readonly installKBytes: number;
  readonly bundles: readonly Bundle[];
}

/** Reads the `PackageInfo` of a component package. */
export function readPackageInfo(content: Buffer): PackageInfo {
  const root = readRoot(content, "PackageInfo");
  const [payload] = childrenNamed(root, "payload");
  return {
    identifier: attribute(root, "identifier"),
    version: attribute(root, "version"),
    installLocation: attribute(root, "install-location"),
    installKBytes: Number(attribute(payload, "installKBytes")) || 0,
    bundles: readBundles(root),
  };
}

/**
 * Reads the bundles of a `pkg-info` or a `pkg-ref`: its own, and those in its `bundle-version`, which can also repeat
 * the identifier of a bundle declared elsewhere, without a path.
 */
export function readBundles(parent: XmlElement): Bundle[] {
  const lists = [parent, ...childrenNamed(parent, "bundle-version")];
  return lists
    .flatMap((list) => childrenNamed(list, "bundle"))
    .flatMap((bundle) => {
      const identifier = attribute(bundle, "id") ?? attribute(bundle, "CFBundleIdentifier");
      const path = bundle.attributes.path?.trim();
      if (identifier === undefined || path === undefined) return [];
      const version = attribute(bundle, "CFBundleShortVersionString");
      return [{ path, identifier, version, build: attribute(bundle, "CFBundleVersion") }];
    });
}

/** Parses one of a package's XML files. */
export function readRoot(content: Buffer, name: string): XmlElement {
  try {
    return parseXml(decodeXml(content));
  } catch (error) {
    const problem = (error as Error).message;
    throw issuerError("package_damaged", `The ${name} in the .pkg cannot be read: ${problem}.`);
  }
}

/** An attribute without the white space around it; `undefined` if it is absent or empty. */
export function attribute(element: XmlElement | undefined, name: string): string | undefined {
  return element?.attributes[name]?.trim() || undefined;
}
