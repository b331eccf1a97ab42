import { readOpenStepPlist } from "../property-list/openstep-plist.ts";
import { isDictionary } from "../property-list/property-list.ts";
import { readPropertyListFile } from "../property-list/read-property-list-file.ts";
import type { Distribution } from "./distribution.ts";
import type { XarArchive } from "./xar.ts";

/** All other languages are tried last. */
const preferredLanguages = /^(?:en|English|en[_-]\w+|Base)$/;
/** In files; a hostile archive could have thousands. */
const mostLanguages = 8;

/**
 * The title of a distribution. It can be the key of a translation, which is in the Distribution itself or in the
 * archive's `Localizable.strings`: in English if possible. A key without a translation is not a title.
 */
export async function localizedTitle(
  { title, strings }: Pick<Distribution, "title" | "strings">,
  archive: XarArchive,
): Promise<string | undefined> {
  if (title === undefined) return undefined;
  for (const [, text] of inOrderOfPreference(strings)) {
    const found = lookUp(title, () => readOpenStepPlist(text));
    if (found !== undefined) return found;
  }
  const files = archive.paths.flatMap((path): [string, string][] => {
    const [, language] = /^(?:[^/]+\/)?([\w-]+)\.lproj\/Localizable\.strings$/.exec(path) ?? [];
    return language === undefined ? [] : [[language, path]];
  });
  // A file that is damaged or too large provides no translation; the package itself can still be valid.
  for (const [, path] of inOrderOfPreference(files)) {
    const content = await archive.read(path).catch(() => undefined);
    const found = content && lookUp(title, () => readPropertyListFile(content));
    if (found !== undefined) return found;
  }
  // Only capitals and underscores: the key of a translation that is missing.
  return /^[A-Z0-9_]+$/.test(title) && title.includes("_") ? undefined : title;
}

function inOrderOfPreference(byLanguage: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  const rank = ([language]: readonly [string, string]): number => (preferredLanguages.test(language) ? 0 : 1);
  return [...byLanguage].sort((a, b) => rank(a) - rank(b)).slice(0, mostLanguages);
}

/** A file that cannot be read provides no translation. */
function lookUp(key: string, read: () => unknown): string | undefined {
  try {
    const strings = read();
    const found = isDictionary(strings) && Object.hasOwn(strings, key) ? strings[key] : undefined;
    return typeof found === "string" && found.trim() !== "" ? found : undefined;
  } catch {
    return undefined;
  }
}
