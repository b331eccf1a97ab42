import { issuerError } from "../issuer-error.ts";
import { isXmlText } from "../property-list/xml.ts";
import type { PackageDescription } from "./package-description.ts";

/** In characters; real names have a few dozen. Each name is in every manifest, page and list that names the app. */
const longestName = 1000;

/**
 * Refuses a package with a name that no app manifest can contain: each of its manifests would fail, long after the
 * package was accepted.
 */
export function checkNames(description: PackageDescription): PackageDescription {
  const { metadata, build, apps } = description;
  for (const app of [{ ...metadata, build }, ...apps]) {
    checkName("title", app.title);
    checkName("bundle identifier", app.bundleIdentifier);
    checkName("version", app.bundleVersion);
    checkName("build number", app.build ?? "");
  }
  return description;
}

function checkName(kind: string, name: string): void {
  if (name.length > longestName) {
    throw issuerError("package_hostile", `The app's ${kind} has more than 1000 characters: do not use this file.`);
  }
  if (!isXmlText(name)) {
    throw issuerError(
      "package_hostile",
      `The app's ${kind} contains a control character, which no app manifest can contain: build the app again without it.`,
    );
  }
}
