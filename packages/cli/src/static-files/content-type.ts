/**
 * The types that Apple's clients expect (Apple Platform Deployment, "Distribute proprietary in-house
 * apps"; books as the Books app registers them). Other files get the type of their ending.
 */
const appleTypes: Readonly<Record<string, string>> = {
  ".ipa": "application/octet-stream",
  ".pkg": "application/octet-stream",
  ".dmg": "application/octet-stream",
  ".plist": "text/xml",
  ".mobileconfig": "application/x-apple-aspen-config",
  ".epub": "application/epub+zip",
  ".ibooks": "application/x-ibooks+zip",
  ".pdf": "application/pdf",
};

/** The media type of a file by its name, where Apple has said which; `undefined` for the rest. */
export function appleContentType(name: string): string | undefined {
  return appleTypes[name.slice(name.lastIndexOf(".")).toLowerCase()];
}
