/**
 * The types that Apple's clients expect (Apple Platform Deployment, "Distribute proprietary in-house apps"; books as the
 * Books app registers them).
 */
const appleTypes: Readonly<Record<string, string>> = {
  ipa: "application/octet-stream",
  pkg: "application/octet-stream",
  dmg: "application/octet-stream",
  plist: "text/xml",
  mobileconfig: "application/x-apple-aspen-config",
  epub: "application/epub+zip",
  ibooks: "application/x-ibooks+zip",
  pdf: "application/pdf",
};

/** Other files often kept beside apps: icons, manifests, checksums, notes, archives. */
const otherTypes: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  gif: "image/gif",
  gz: "application/gzip",
  htm: "text/html; charset=utf-8",
  html: "text/html; charset=utf-8",
  icns: "image/icns",
  ico: "image/x-icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  m4a: "audio/mp4",
  m4v: "video/mp4",
  md: "text/markdown; charset=utf-8",
  mov: "video/quicktime",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  png: "image/png",
  svg: "image/svg+xml",
  tar: "application/x-tar",
  txt: "text/plain; charset=utf-8",
  webp: "image/webp",
  xml: "application/xml",
  zip: "application/zip",
};

/** The media type of a file by its extension, if Apple prescribes one. */
export function appleContentType(name: string): string | undefined {
  return typeIn(appleTypes, name);
}

/** The media type of a file by its extension; `application/octet-stream` if it is not known. */
export function contentType(name: string): string {
  return typeIn(appleTypes, name) ?? typeIn(otherTypes, name) ?? "application/octet-stream";
}

function typeIn(types: Readonly<Record<string, string>>, name: string): string | undefined {
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  return Object.hasOwn(types, extension) ? types[extension] : undefined;
}
