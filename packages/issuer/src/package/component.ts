import { posix } from "node:path";
import type { PackageReference } from "./distribution.ts";
import type { PackagedApp } from "./package-description.ts";
import type { Bundle, PackageInfo } from "./package-info.ts";

/** A component package, as described by its `PackageInfo` and the distribution around it. */
export interface Component {
  readonly identifier: string | undefined;
  readonly version: string | undefined;
  readonly installKBytes: number;
  readonly apps: readonly PackagedApp[];
  /** Whether one of its apps is installed in /Applications. */
  readonly inApplications: boolean;
}

/** Joins what is known about one component. Identifier and version always come from the same component. */
export function joinComponent(reference: PackageReference | undefined, info: PackageInfo | undefined): Component {
  const identifier = reference?.packageIdentifier ?? info?.identifier ?? reference?.id;
  const version = info?.version ?? reference?.version;
  const location = posix.join("/", info?.installLocation ?? "");
  const bundles = [...(reference?.bundles ?? []), ...(info?.bundles ?? [])].map((bundle) => ({
    ...bundle,
    path: posix.join(location, bundle.path).replace(/\/$/, ""),
  }));
  // The payload can be the contents of an app, whose own bundle is then not in any list.
  if (identifier !== undefined) {
    bundles.push({ path: location.replace(/\/$/, ""), identifier, version: undefined, build: undefined });
  }
  const byPath = new Map<string, Bundle>();
  for (const bundle of bundles) {
    const known = byPath.get(bundle.path);
    if (!known || (versionOf(known) === undefined && versionOf(bundle) !== undefined)) byPath.set(bundle.path, bundle);
  }
  const outermost = [...byPath.values()].filter(({ path }) => isOutermostApp(path));
  return {
    identifier,
    version,
    installKBytes: reference?.installKBytes || info?.installKBytes || 0,
    apps: distinctApps(outermost.flatMap((bundle) => describeApp(bundle, version))),
    inApplications: outermost.some(({ path }) => path.startsWith("/Applications/")),
  };
}

/**
 * The component that a package is named after: the first one if an author chose the order; otherwise the first with an
 * app in /Applications, then the first with any app, then the largest.
 */
export function mainComponent(components: readonly Component[], ordered: boolean): Component | undefined {
  if (ordered) return components[0];
  const rank = ({ apps, inApplications }: Component): number => (inApplications ? 2 : Math.min(apps.length, 1));
  const [main] = components.toSorted((a, b) => rank(b) - rank(a) || b.installKBytes - a.installKBytes);
  return main;
}

/** Each app once: a distribution repeats what its components declare. */
export function distinctApps(apps: readonly PackagedApp[]): PackagedApp[] {
  const known = new Map<string, PackagedApp>();
  for (const app of apps) {
    const key = `${app.bundleIdentifier}/${app.title}`;
    if (!known.has(key)) known.set(key, app);
  }
  return [...known.values()];
}

/** Whether the installed path is an app's own, and not inside another app. */
function isOutermostApp(path: string): boolean {
  const segments = path.split("/").filter((segment) => segment !== "");
  return segments.length > 0 && segments.findIndex((segment) => /\.app$/i.test(segment)) === segments.length - 1;
}

function versionOf({ version, build }: Bundle): string | undefined {
  return version ?? build;
}

function describeApp(bundle: Bundle, packageVersion: string | undefined): PackagedApp[] {
  const { path, identifier, build } = bundle;
  const bundleVersion = versionOf(bundle) ?? packageVersion;
  if (bundleVersion === undefined) return [];
  const title = posix.basename(path).slice(0, -".app".length);
  return [{ title, bundleIdentifier: identifier, bundleVersion, ...(build !== undefined && { build }) }];
}
