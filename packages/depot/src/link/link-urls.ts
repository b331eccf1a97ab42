/** The URL of the manifest of a link. */
export function manifestUrl(publicUrl: string, secret: string): string {
  return `${publicUrl}/m/${secret}/manifest.plist`;
}

/** The URL of the page on which a person installs what a link leads to. */
export function installPageUrl(publicUrl: string, secret: string): string {
  return `${publicUrl}/i/${secret}`;
}
