import { createHash } from "node:crypto";
import {
  type AppAttributes,
  type AppConfig,
  appConfig,
  conflictOfAttributes,
  declarationAttributes,
} from "./app-attributes.ts";
import { invalidCommand, type OptionRules, readOptions } from "./command-schema.ts";

/** A declaration of Apple's declarative device management; for `JSON.stringify`. */
export interface Declaration {
  readonly Type: string;
  /** Identifies the declaration permanently. */
  readonly Identifier: string;
  /** Changes whenever the payload or the version changes, so that devices notice. */
  readonly ServerToken: string;
  readonly Payload: Readonly<Record<string, unknown>>;
}

/** Options of every declaration. */
export interface DeclarationOptions {
  readonly identifier: string;
  /** Whether the device installs it automatically. Default `"Required"`. */
  readonly install?: "Required" | "Optional" | undefined;
  /**
   * The manifest's `bundle-version`, including the build, such as `"1.0 (8)"`. It is part of the server token: a device
   * looks for a new version only when that changes, even if the URL stays the same.
   */
  readonly bundleVersion?: string | undefined;
  /** Default: a hash of the payload and of `bundleVersion`. */
  readonly serverToken?: string | undefined;
}

/** Options of {@link packageDeclaration}. */
export interface PackageDeclarationOptions extends DeclarationOptions {
  /**
   * The URL of the app manifest: `https:`, with its token. Devices read it again about every 24 hours;
   * by then the token has expired, and the gate refuses it. For an update, send the declaration again with a
   * new link. A manifest with fresh tokens that anyone can read would leave the gate open.
   */
  readonly manifestUrl: string | URL;
}

/** Options of {@link managedAppDeclaration}: an app to install, or one to take over on a Mac. */
export type ManagedAppDeclarationOptions = DeclarationOptions & (InstalledApp | ExistingMacApp);

/** An in-house app for iOS, iPadOS or visionOS; these keys do not exist on macOS. */
export interface InstalledApp {
  /** As in {@link PackageDeclarationOptions}. */
  readonly manifestUrl: string | URL;
  readonly appComposedIdentifier?: never;
  /** iOS 26 and later: whether the app is updated when the manifest's `bundle-version` changes. */
  readonly automaticUpdates?: boolean | undefined;
  /** iOS 26 and later, supervised: whether the app is downloaded over cellular networks. Default: the device's setting. */
  readonly cellularDownloads?: boolean | undefined;
  /** Whether backups contain the app and its data. Default `true`. */
  readonly includeInBackup?: boolean | undefined;
  readonly attributes?: Omit<AppAttributes, "Removable"> | undefined;
  /** iOS 18.4 and later. */
  readonly appConfig?: AppConfig | undefined;
  /** iOS 18.4 and later. Each name is an extension's composed identifier, `Identifier (TeamIdentifier)`. */
  readonly extensionConfigs?: Readonly<Record<string, AppConfig>> | undefined;
  /** iOS 18.4 and later: identifier of an asset declaration with the configuration that MDM commands carry. */
  readonly legacyAppConfigAssetReference?: string | undefined;
}

/** An app that is already on a Mac, or that a package installs there: macOS 26 and later. */
export interface ExistingMacApp {
  readonly manifestUrl?: never;
  /** `com.example.app (TEAMID)` or `com.example.app {designated requirement}`. */
  readonly appComposedIdentifier: string;
}

const common: OptionRules = {
  identifier: { type: "string", required: true },
  install: { type: "string", values: ["Required", "Optional"] },
  bundleVersion: { type: "string" },
  serverToken: { type: "string" },
};

const notOnMacs = ({ appComposedIdentifier }: Readonly<Record<string, unknown>>): string | undefined =>
  appComposedIdentifier === undefined
    ? undefined
    : "macOS has no such key, and appComposedIdentifier is for macOS only";

// Apple, device-management, OS 26 releases: declarative/declarations/configurations/package.yaml.
const packageRules: OptionRules = { ...common, manifestUrl: { key: "ManifestURL", type: "url", required: true } };

// Apple, device-management, OS 26 releases: declarative/declarations/configurations/app.managed.yaml.
const appRules: OptionRules = {
  ...common,
  manifestUrl: { key: "ManifestURL", type: "url" },
  appComposedIdentifier: {
    key: "AppComposedIdentifier",
    type: "string",
    pattern: /^[\w.-]+ (?:\([A-Z0-9]+\)|\{[^{}]+\})$/,
    form: "com.example.app (TEAMID) or com.example.app {designated requirement}",
  },
  iOSApp: { type: "boolean", conflict: () => "in a declaration, it is only for App Store apps" },
  automaticUpdates: {
    type: "boolean",
    conflict: ({ appComposedIdentifier }) =>
      appComposedIdentifier === undefined ? undefined : "macOS ignores it with appComposedIdentifier",
  },
  cellularDownloads: { type: "boolean", conflict: notOnMacs },
  includeInBackup: { key: "IncludeInBackup", type: "boolean", conflict: notOnMacs },
  attributes: {
    key: "Attributes",
    type: "object",
    keys: declarationAttributes,
    conflict: (options) => notOnMacs(options) ?? conflictOfAttributes(options),
  },
  appConfig: { key: "AppConfig", ...appConfig, conflict: notOnMacs },
  extensionConfigs: {
    key: "ExtensionConfigs",
    type: "map",
    names: /^[\w.-]+ \([A-Z0-9]+\)$/,
    form: "com.example.app.extension (TEAMID)",
    members: appConfig,
    conflict: notOnMacs,
  },
  legacyAppConfigAssetReference: { key: "LegacyAppConfigAssetReference", type: "string", conflict: notOnMacs },
};

/**
 * Creates a `com.apple.configuration.package` declaration: a `.pkg` for macOS 26 and later.
 *
 * @throws {IssuerError} `command_invalid` or `url_…`
 *
 * @example
 * const manifestUrl = await issuer.downloadUrl("https://example.com/apps/example.plist");
 * const declaration = packageDeclaration({ identifier: "com.example.package", manifestUrl });
 */
export function packageDeclaration(options: PackageDeclarationOptions): Declaration {
  const { ManifestURL } = readOptions(options, packageRules);
  return declaration("com.apple.configuration.package", options, { ManifestURL, InstallBehavior: install(options) });
}

/**
 * Creates a `com.apple.configuration.app.managed` declaration: an in-house app for iOS 17.2, visionOS
 * 2.4 and later, or an app on a Mac with macOS 26 or later that becomes managed.
 *
 * @throws {IssuerError} `command_invalid` or `url_…`
 *
 * @example
 * const manifestUrl = await issuer.downloadUrl("https://example.com/apps/example.plist");
 * const declaration = managedAppDeclaration({ identifier: "com.example.app", manifestUrl });
 */
export function managedAppDeclaration(options: ManagedAppDeclarationOptions): Declaration {
  const { ManifestURL, AppComposedIdentifier, ...others } = readOptions(options, appRules);
  if ((ManifestURL === undefined) === (AppComposedIdentifier === undefined)) {
    throw invalidCommand("manifestUrl, appComposedIdentifier: pass exactly one of the two.");
  }
  const { automaticUpdates, cellularDownloads } = options as InstalledApp;
  return declaration("com.apple.configuration.app.managed", options, {
    ...(ManifestURL === undefined ? { AppComposedIdentifier } : { ManifestURL }),
    InstallBehavior: {
      ...install(options),
      ...(cellularDownloads !== undefined && { AllowDownloadsOverCellular: always(cellularDownloads) }),
    },
    ...(automaticUpdates !== undefined && { UpdateBehavior: { AutomaticAppUpdates: always(automaticUpdates) } }),
    ...others,
  });
}

function install({ install: Install = "Required" }: DeclarationOptions): { Install: string } {
  return { Install };
}

function always(on: boolean): string {
  return on ? "AlwaysOn" : "AlwaysOff";
}

function declaration(
  type: string,
  { identifier, bundleVersion, serverToken }: DeclarationOptions,
  payload: Readonly<Record<string, unknown>>,
): Declaration {
  const hash = createHash("sha256")
    .update(JSON.stringify([payload, bundleVersion]))
    .digest("hex");
  return { Type: type, Identifier: identifier, ServerToken: serverToken ?? hash, Payload: payload };
}
