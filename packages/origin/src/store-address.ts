/** Percent-encodes a name for a URL's path: everything but letters, digits, `- . _ ~` and slashes, as AWS Signature Version 4 requires. */
export function encodePath(name: string): string {
  return encodeURIComponent(name)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%2F", "/");
}

/** The prefix without a slash at its start and with exactly one at its end; empty if there is no prefix. */
export function folderPrefix(prefix: string): string {
  const trimmed = prefix.replace(/^\/{1,64}|\/{1,64}$/g, "");
  return trimmed === "" ? "" : `${trimmed}/`;
}

/**
 * Reads a store's address: `https:`, or `http:` to this computer. Otherwise, anyone on the network path could read the
 * credentials and replace the files.
 *
 * @throws {TypeError} with the option's name
 */
export function readStoreAddress(option: string, address: string): URL {
  if (!URL.canParse(address)) throw new TypeError(`${option}: must be a URL, such as https://files.example`);
  const url = new URL(address);
  const isEncrypted = url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
  if (!isEncrypted) throw new TypeError(`${option}: ${url.protocol}//${url.host} is not encrypted; use an https URL`);
  if (url.username !== "" || url.password !== "") {
    throw new TypeError(`${option}: remove the user name and password; pass credentials in their own options`);
  }
  return url;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
