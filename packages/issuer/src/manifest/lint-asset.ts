import { readToken } from "@portcullis/core";
import { isIssuerError } from "../issuer-error.ts";
import { checkHttpsUrl } from "./asset-url.ts";
import { lintHashes } from "./lint-hashes.ts";
import { hasPlaceholder, lintKeys } from "./lint-keys.ts";
import type { ReportFlaw } from "./manifest-finding.ts";
import { assetKeys } from "./manifest-schema.ts";

/** Checks one asset of a manifest: its keys, its URL, the token in it, and its hashes. */
export function lintAsset(asset: Record<string, unknown>, path: string, expectTokens: boolean, flaw: ReportFlaw): void {
  lintKeys(asset, assetKeys, path, flaw);
  const { kind, url } = asset;
  const isPackage = kind === "software-package";
  if (typeof url === "string" && url.trim() !== "") lintUrl(url, `${path}.url`, expectTokens && isPackage, flaw);
  lintHashes(asset, path, isPackage, flaw);
}

function lintUrl(url: string, path: string, expectToken: boolean, flaw: ReportFlaw): void {
  try {
    checkHttpsUrl(url);
  } catch (error) {
    if (!isIssuerError(error)) throw error;
    const isScheme = error.code === "url_not_https" || error.code === "url_not_http";
    flaw(isScheme ? "url_not_https" : "url_unusable", path, error.message);
    return;
  }
  if (/&amp;/i.test(url)) {
    flaw(
      "url_escaped_twice",
      path,
      "The URL still contains &amp; after the XML was parsed: write &amp; in the XML, not &amp;amp;.",
    );
  }
  // RFC 3986 section 2: some versions of iOS refuse a URL with any other character. Brackets are for IPv6 addresses only.
  const [, afterHost = ""] = /^[^/]*\/\/[^/?#]*(.*)$/s.exec(url) ?? [];
  const isUnencoded = /[^A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]|%(?![0-9A-Fa-f]{2})/.test(url) || /[[\]]/.test(afterHost);
  if (isUnencoded && !hasPlaceholder(url)) {
    flaw("url_not_encoded", path, "The URL contains characters that must be percent-encoded.");
  }
  const { refusal } = readToken(url);
  if (refusal === "token_repeated") {
    flaw("token_repeated", path, "The URL has the token parameter more than once: the gate refuses such a URL.");
  }
  if (refusal === "token_missing" && expectToken) {
    flaw("token_missing", path, "The URL has no token: the gate will refuse the download.");
  }
}
