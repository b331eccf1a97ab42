import { createHash } from "node:crypto";
import { checkHttpsUrl } from "../manifest/asset-url.ts";
import { oneOf, requiredText } from "./mdm-command.ts";

/** A declaration of Apple's declarative device management; for `JSON.stringify`. */
export interface Declaration {
  readonly Type: string;
  /** Names the declaration for ever. */
  readonly Identifier: string;
  /** Differs whenever the payload does, so that devices notice. */
  readonly ServerToken: string;
  readonly Payload: Readonly<Record<string, unknown>>;
}

/** What both declarations take. */
export interface DeclarationOptions {
  readonly identifier: string;
  /**
   * Where the app manifest is: `https:`, with its token. Devices read it again about every 24 hours,
   * when the token has expired and the gate refuses: for an update, declare it again with a fresh
   * link. A manifest that hands fresh tokens to anybody would leave the gate open.
   */
  readonly manifestUrl: string | URL;
  /** Whether the device installs it by itself. Default `"Required"`. */
  readonly install?: "Required" | "Optional" | undefined;
  /** Default: a hash of the payload. */
  readonly serverToken?: string | undefined;
}

/** Options of {@link managedAppDeclaration}. */
export interface ManagedAppDeclarationOptions extends DeclarationOptions {
  /** iOS 26 and later: whether the app is updated once the manifest's `bundle-version` differs. */
  readonly automaticUpdates?: boolean | undefined;
}

/**
 * Makes a `com.apple.configuration.package` declaration: a `.pkg` for macOS 26 and later.
 *
 * @throws {IssuerError} `command_invalid` or `url_…`
 *
 * @example
 * const manifestUrl = await issuer.downloadUrl("https://example.com/apps/example.plist");
 * const declaration = packageDeclaration({ identifier: "com.example.package", manifestUrl });
 */
export function packageDeclaration(options: DeclarationOptions): Declaration {
  return declaration("com.apple.configuration.package", options, {});
}

/**
 * Makes a `com.apple.configuration.app.managed` declaration: an in-house app for iOS 17.2,
 * visionOS 2.4 and later.
 *
 * @throws {IssuerError} `command_invalid` or `url_…`
 *
 * @example
 * const manifestUrl = await issuer.downloadUrl("https://example.com/apps/example.plist");
 * const declaration = managedAppDeclaration({ identifier: "com.example.app", manifestUrl });
 */
export function managedAppDeclaration(options: ManagedAppDeclarationOptions): Declaration {
  const { automaticUpdates } = options;
  const mode = automaticUpdates ? "AlwaysOn" : "AlwaysOff";
  const updates = automaticUpdates !== undefined && {
    UpdateBehavior: { AutomaticAppUpdates: mode },
  };
  return declaration("com.apple.configuration.app.managed", options, { ...updates });
}

function declaration(
  type: string,
  { identifier, manifestUrl, install = "Required", serverToken }: DeclarationOptions,
  others: Readonly<Record<string, unknown>>,
): Declaration {
  const payload = {
    ManifestURL: checkHttpsUrl(manifestUrl),
    InstallBehavior: { Install: oneOf(install, ["Required", "Optional"], "install") },
    ...others,
  };
  const hash = createHash("sha256").update(JSON.stringify(payload)).digest("hex");
  return {
    Type: type,
    Identifier: requiredText(identifier, "identifier"),
    ServerToken: serverToken === undefined ? hash : requiredText(serverToken, "serverToken"),
    Payload: payload,
  };
}
