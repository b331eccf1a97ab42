import type { KeyObject } from "node:crypto";
import { addToken, gateDefaults, readPath } from "@portcullis/core";
import { CompactSign } from "jose";
import { issuerError } from "../issuer-error.ts";
import { type AppManifestOptions, writeAppManifest } from "../manifest/app-manifest.ts";
import { checkAssetUrl, isEncrypted } from "../manifest/asset-url.ts";
import { type JwtConfiguration, readJwtConfiguration } from "./jwt-configuration.ts";
import { type IssuerPublicKey, publicHalf } from "./public-key.ts";

/** Issues tokens, and the links and manifests that contain them. No member reveals the private key. */
export interface Issuer {
  readonly displayName: string;
  /** In minutes. */
  readonly tokenExpiry: number;
  readonly enabled: boolean;
  /** RFC 7638 thumbprint of the key, for logs. */
  readonly keyId: string;
  /** The public half of the key, for the gate. */
  publicKey(): IssuerPublicKey;
  /**
   * Issues a token. As with Jamf Pro, two tokens issued in the same second are identical.
   *
   * Rejects with `configuration_disabled` if the configuration is disabled, and with `path_required`
   * if tokens are bound to paths: then only links have tokens.
   */
  issueToken(): Promise<string>;
  /**
   * Adds a fresh token to a URL, replacing any token in it; every other byte stays unchanged.
   *
   * Rejects with `url_not_absolute`, `url_not_http`, `url_has_credentials` or `url_not_encoded`, and
   * for a path-bound token with `url_not_normalized`; an `http:` URL produces a warning.
   */
  downloadUrl(url: string | URL, options?: DownloadUrlOptions): Promise<string>;
  /**
   * Writes an app manifest: an XML property list with a fresh token in the URL of every protected
   * asset. A manifest in which `lintManifest` finds an error is refused.
   *
   * Rejects with `manifest_invalid`, or as `downloadUrl` does; `http:` URLs are refused with
   * `url_not_https`.
   */
  appManifest(options: AppManifestOptions): Promise<string>;
}

/** How a link's token differs from Jamf Pro's. */
export interface DownloadUrlOptions {
  /**
   * The token's `jti` (RFC 7519 section 4.1.7). It makes tokens of the same second different, so that a log or a
   * receipt can tell which link a download belongs to. The gate ignores it. Default: none, as with Jamf Pro.
   */
  readonly tokenId?: string | undefined;
}

/**
 * Creates an issuer from a JSON Web Token configuration, with the fields of Jamf Pro's form.
 *
 * @throws {ConfigurationError} if a field is invalid; the message names the field and the fix
 *
 * @example
 * const issuer = createIssuer({
 *   displayName: "Lab",
 *   encryptionKey: readFileSync("key.pem", "utf8"),
 *   tokenExpiry: 5,
 * });
 * const link = await issuer.downloadUrl("https://example.com/apps/example.ipa");
 * const gate = createGate({ keys: issuer.publicKey().pem });
 */
export function createIssuer(configuration: JwtConfiguration): Issuer {
  const settings = readJwtConfiguration(configuration);
  const { displayName, privateKey, tokenExpiry, enabled, pathBound, now, onWarning } = settings;
  const publicKey = publicHalf(privateKey);

  async function issueToken(): Promise<string> {
    if (pathBound) throw issuerError("path_required", "Tokens are bound to the path of a link: issue a link instead.");
    return sign();
  }

  async function sign(path?: string, tokenId?: string): Promise<string> {
    if (!enabled) {
      throw issuerError(
        "configuration_disabled",
        "The JSON Web Token configuration is disabled: no token is issued until it is enabled.",
      );
    }
    return signToken(privateKey, Math.floor(now()) + tokenExpiry * 60, path, tokenId);
  }

  async function downloadUrl(url: string | URL, { tokenId }: DownloadUrlOptions = {}): Promise<string> {
    const checked = checkAssetUrl(url);
    if (!isEncrypted(checked)) {
      onWarning({
        code: "url_not_encrypted",
        message: "The URL starts with http://: anyone on the network path can read the token. Use https://.",
      });
    }
    return addToken(checked, await sign(pathBound ? boundPath(checked) : undefined, tokenId));
  }

  return Object.freeze({
    displayName,
    tokenExpiry,
    enabled,
    keyId: publicKey.keyId,
    publicKey: () => publicKey,
    issueToken,
    downloadUrl,
    appManifest: (options) => writeAppManifest(options, (url) => downloadUrl(url)),
  } satisfies Issuer);
}

/**
 * The path for `aud`; the gate compares it with the request byte for byte, so a device must send it exactly as it is.
 */
function boundPath(url: string): string {
  const path = readPath(url);
  if (path !== undefined && path === new URL(url).pathname) return path;
  throw issuerError(
    "url_not_normalized",
    "A device would send this path differently, and a path-bound token is not valid for that: use the URL as new URL(url).href writes it.",
  );
}

/**
 * Signs a token as Jamf Pro does: header `{"alg":"RS256"}`, claims `sub`, `iss` and `exp` in this
 * order, and nothing else. Nothing distinguishes two tokens of the same second.
 *
 * @param expiresAt - `exp`, in whole seconds since 1970
 * @param path - `aud`, for a path-bound token, which Jamf Pro does not issue
 * @param tokenId - `jti`, which Jamf Pro does not set
 */
function signToken(
  privateKey: KeyObject,
  expiresAt: number,
  path: string | undefined,
  tokenId: string | undefined,
): Promise<string> {
  const claims = JSON.stringify({
    sub: gateDefaults.subject,
    iss: gateDefaults.issuer,
    exp: expiresAt,
    aud: path,
    jti: tokenId,
  });
  return new CompactSign(new TextEncoder().encode(claims)).setProtectedHeader({ alg: "RS256" }).sign(privateKey);
}
