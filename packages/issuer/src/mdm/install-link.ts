import { checkHttpsUrl } from "../manifest/asset-url.ts";

/**
 * Creates the link that installs an app from a web page on an iPhone or iPad.
 *
 * The manifest's URL is percent-encoded as a whole, quotes and brackets too, so that the link can
 * be used in an HTML attribute and every part of the URL, the token included, belongs to `url`.
 *
 * @throws {IssuerError} `url_…` if the URL is not an absolute `https:` URL
 *
 * @example
 * const link = installLink(await issuer.downloadUrl("https://example.com/apps/example.plist"));
 * // itms-services://?action=download-manifest&url=https%3A%2F%2Fexample.com%2Fapps%2F…
 */
export function installLink(manifestUrl: string | URL): string {
  const encoded = encodeURIComponent(checkHttpsUrl(manifestUrl)).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `itms-services://?action=download-manifest&url=${encoded}`;
}
