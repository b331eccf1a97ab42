import { issuerError } from "../issuer-error.ts";

/**
 * Checks that a device can use a URL, and returns it unchanged, byte for byte.
 *
 * The text is not rebuilt from a parsed URL: a signed or unusually encoded path must reach the server
 * unchanged.
 *
 * @throws {IssuerError} saying what is wrong; the message never repeats the URL, which might contain a secret
 */
export function checkAssetUrl(url: string | URL): string {
  const text = String(url);
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    throw issuerError("url_not_absolute", "The URL is relative: use an absolute URL that starts with https://.");
  }
  if (scheme !== "https" && scheme !== "http") {
    throw issuerError("url_not_http", "The URL must start with https://.");
  }
  if (/[\p{Cc}\p{Z}\p{Cs}\uFEFF]/u.test(text)) {
    throw issuerError(
      "url_not_encoded",
      "The URL contains a space or a control character: percent-encode it (a space is %20).",
    );
  }
  const authority = /^https?:\/\/([^/?#]+)/i.exec(text)?.[1];
  // Some parsers treat a backslash in the authority as a slash, others as part of a name.
  if (authority === undefined || authority.includes("\\") || !URL.canParse(text)) {
    throw issuerError("url_not_absolute", "The URL has no valid host: it must start with https://host/.");
  }
  if (authority.includes("@")) {
    throw issuerError(
      "url_has_credentials",
      "The URL contains a user name or password, which would end up in logs and on devices: remove it; the token is the credential.",
    );
  }
  return text;
}

/** Checks a URL as {@link checkAssetUrl} does, and that it is `https:`. */
export function checkHttpsUrl(url: string | URL): string {
  const text = checkAssetUrl(url);
  if (isEncrypted(text)) return text;
  throw issuerError("url_not_https", "The URL starts with http://: Apple's devices accept only https:// here.");
}

/** Whether a checked URL is `https:`. */
export function isEncrypted(url: string): boolean {
  return /^https:/i.test(url);
}
