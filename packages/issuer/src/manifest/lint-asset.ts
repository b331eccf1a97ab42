import { readToken } from "@portcullis/core";
import { isIssuerError } from "../issuer-error.ts";
import { checkHttpsUrl } from "./asset-url.ts";
import { lintKeys } from "./lint-keys.ts";
import type { ReportFlaw } from "./manifest-finding.ts";
import { assetKeys } from "./manifest-schema.ts";

/** Judges one asset of a manifest: its keys, its URL, the token in it, and its hashes. */
export function lintAsset(asset: Record<string, unknown>, path: string, expectTokens: boolean, flaw: ReportFlaw): void {
  lintKeys(asset, assetKeys, path, flaw);
  const { kind, url } = asset;
  const isPackage = kind === "software-package";
  if (typeof url === "string") lintUrl(url, `${path}.url`, expectTokens && isPackage, flaw);
  lintHashes(asset, "sha256", 64, path, flaw);
  lintHashes(asset, "md5", 32, path, flaw);
  if (isPackage) lintHashChoice(asset, path, flaw);
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
      "The URL holds &amp; after it was read: write &amp; once in the XML, not &amp;amp;.",
    );
  }
  // RFC 3986 section 2: some versions of iOS reject a URL with any other character.
  if (/[^A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]/.test(url)) {
    flaw("url_not_encoded", path, "The URL holds characters that should be percent-encoded.");
  }
  const { refusal } = readToken(url);
  if (refusal === "token_repeated") {
    flaw("token_repeated", path, "The URL carries the token parameter more than once: the gate refuses that.");
  }
  if (refusal === "token_missing" && expectToken) {
    flaw("token_missing", path, "The URL carries no token: the gate will refuse the download.");
  }
}

function lintHashes(
  asset: Record<string, unknown>,
  algorithm: "sha256" | "md5",
  digits: number,
  path: string,
  flaw: ReportFlaw,
): void {
  const { [algorithm]: whole, [`${algorithm}s`]: chunks, [`${algorithm}-size`]: size } = asset;
  const isHash = (value: unknown): boolean =>
    typeof value === "string" && value.length === digits && /^[0-9a-f]+$/i.test(value);

  if (typeof whole === "string" && !isHash(whole)) {
    flaw("hash_malformed", `${path}.${algorithm}`, `It must be ${digits} hexadecimal digits.`);
  }
  if (Array.isArray(chunks) && !(chunks.length > 0 && chunks.every(isHash))) {
    flaw(
      "hash_malformed",
      `${path}.${algorithm}s`,
      `Each must be ${digits} hexadecimal digits, and there must be one.`,
    );
  }
  if ((chunks === undefined) !== (size === undefined)) {
    flaw("hash_incomplete", path, `The keys ${algorithm}s and ${algorithm}-size go together.`);
  }
  if (whole !== undefined && chunks !== undefined) {
    flaw("hash_ignored", `${path}.${algorithm}s`, `The key ${algorithm} makes devices ignore the chunks.`);
  }
}

function lintHashChoice(asset: Record<string, unknown>, path: string, flaw: ReportFlaw): void {
  if ("sha256" in asset || "sha256s" in asset) return;
  if ("md5" in asset || "md5s" in asset) {
    flaw("hash_weak", path, "There are MD5 hashes only: add SHA-256, which Apple advises.");
  } else {
    flaw("hash_missing", path, "There is no hash: a Mac may not install the package, and no device can check it.");
  }
}
