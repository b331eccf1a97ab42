/**
 * Whether the path of a file in an archive is absolute or climbs out of the archive.
 *
 * A backslash is an ordinary character of a name on Apple's systems. On Windows it separates folders, so a path that
 * climbs there is refused too.
 */
export function leadsOutside(path: string): boolean {
  if (path.startsWith("/") || path.includes("\0") || /^[A-Za-z]:[\\/]/.test(path)) return true;
  return path.startsWith("\\") || path.split(/[/\\]/).includes("..");
}
