/**
 * Whether the path of a file in an archive is absolute or climbs out of the archive.
 *
 * On Apple's systems, a backslash is an ordinary character in a name. On Windows it separates folders, so a path that
 * leaves the archive there is refused too.
 */
export function leadsOutside(path: string): boolean {
  if (path.startsWith("/") || path.includes("\0") || /^[A-Za-z]:[\\/]/.test(path)) return true;
  return path.startsWith("\\") || path.split(/[/\\]/).includes("..");
}
