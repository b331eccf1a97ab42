import type { Missing, OpenOptions, Origin, OriginObject } from "./origin.ts";

/**
 * Extracts an object's name from a request target or URL: the path, decoded once, without its leading slash.
 * `undefined` if it is not the path of a file.
 *
 * These are refused, because each of them has led some server out of its root: an escaped slash or backslash, a second
 * layer of escapes, empty, `.` and `..` segments, hidden files, control characters, bytes that are not UTF-8, and what
 * Windows reads as a device, a stream or another name of the same file (`:`, trailing dots and spaces).
 *
 * @param target - such as `/apps/a.ipa?x=1` or `https://files.example/apps/a.ipa`
 * @param under - the path below which the origin is mounted, such as `/apps`; default `/`
 */
export function readObjectName(target: string, under = "/"): string | undefined {
  const path = withoutOrigin(target).split(/[?#]/, 1)[0] ?? "";
  const prefix = under.endsWith("/") ? under : `${under}/`;
  if (!path.startsWith(prefix)) return undefined;
  const segments: string[] = [];
  for (const escaped of path.slice(prefix.length).split("/")) {
    const segment = decodeOnce(escaped);
    if (segment === undefined || !isSafeSegment(segment)) return undefined;
    segments.push(segment);
  }
  return segments.join("/");
}

/**
 * Whether a name is one that `readObjectName` could return. An origin checks it again, since it can be called directly.
 */
export function isObjectName(name: string): boolean {
  return name.split("/").every(isSafeSegment);
}

/**
 * Opens an object under the requested name, else under its composed (NFC), else its decomposed (NFD) spelling: macOS
 * writes "ü" as two characters in file names and treats both spellings as the same; a link has one of them.
 */
export async function openByName(
  origin: Origin,
  name: string,
  options: OpenOptions = {},
): Promise<OriginObject | Missing> {
  const asked = await origin.open(name, options);
  if (!isAbsent(asked) || isAscii(name)) return asked;
  for (const spelling of new Set([name.normalize("NFC"), name.normalize("NFD")])) {
    const found = spelling === name ? asked : await origin.open(spelling, options);
    if (!isAbsent(found)) return found;
  }
  return asked;
}

/** Nothing has this name, and no problem explains it. */
function isAbsent(result: OriginObject | Missing): boolean {
  return !result.found && result.status === 404 && result.problem === undefined;
}

function isAscii(name: string): boolean {
  return /^[ -~]*$/.test(name);
}

/** RFC 9112 section 3.2.2: a server must accept the absolute form too. */
function withoutOrigin(target: string): string {
  return target.replace(/^https?:\/\/[^/?#]*/i, "");
}

function decodeOnce(escaped: string): string | undefined {
  if (!escaped.includes("%")) return escaped;
  try {
    return decodeURIComponent(escaped);
  } catch {
    return undefined;
  }
}

function isSafeSegment(segment: string): boolean {
  if (segment === "" || segment.startsWith(".") || /[. ]$/.test(segment)) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to refuse
  if (/[\u0000-\u001f\u007f/\\:]/.test(segment)) return false;
  return !/%[0-9a-f]{2}/i.test(segment);
}
