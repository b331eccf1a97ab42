/** The path of a request as decoded segments, or `undefined` if no sound client would have sent it. */
export type RequestPath = readonly string[] | undefined;

/**
 * Takes the path out of a request target and decodes it once.
 *
 * Refused, because one server or another has been talked out of its root by it: a slash or
 * backslash that was escaped, a second layer of escapes, empty, `.` and `..` segments, hidden
 * files, control characters, bytes that are not UTF-8, and what Windows reads as a device, a stream
 * or another name of the same file (`:`, trailing dots and spaces).
 */
export function readRequestPath(target: string): RequestPath {
  const path = withoutOrigin(target).split(/[?#]/, 1)[0] ?? "";
  if (!path.startsWith("/")) return undefined;
  const segments: string[] = [];
  for (const escaped of path.slice(1).split("/")) {
    const segment = decodeOnce(escaped);
    if (segment === undefined || !isSound(segment)) return undefined;
    segments.push(segment);
  }
  return segments;
}

/** RFC 9112 section 3.2.2: a server must accept the absolute form too. */
function withoutOrigin(target: string): string {
  return target.replace(/^https?:\/\/[^/?#]*/i, "");
}

function decodeOnce(escaped: string): string | undefined {
  try {
    return decodeURIComponent(escaped);
  } catch {
    return undefined;
  }
}

function isSound(segment: string): boolean {
  if (segment === "" || segment.startsWith(".") || /[. ]$/.test(segment)) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  if (/[\u0000-\u001f\u007f/\\:]/.test(segment)) return false;
  return !/%[0-9a-f]{2}/i.test(segment);
}
