import type { KeyRules, ValueRule } from "./command-schema.ts";

/** Attributes of a managed app, under Apple's names; for iOS, iPadOS, visionOS and, in part, tvOS. */
export interface AppAttributes {
  readonly VPNUUID?: string | undefined;
  readonly ContentFilterUUID?: string | undefined;
  readonly DNSProxyUUID?: string | undefined;
  readonly RelayUUID?: string | undefined;
  readonly AssociatedDomains?: readonly string[] | undefined;
  /** Only with `AssociatedDomains`. */
  readonly AssociatedDomainsEnableDirectDownloads?: boolean | undefined;
  /** Only in `InstallApplication`. */
  readonly Removable?: boolean | undefined;
  readonly TapToPayScreenLock?: boolean | undefined;
  /** `DNN:name` or `AppCategory:category`. */
  readonly CellularSliceUUID?: string | undefined;
  readonly Hideable?: boolean | undefined;
  readonly Lockable?: boolean | undefined;
}

// Apple, device-management, OS 26 releases: mdm/commands/application.install.yaml and
// declarative/declarations/configurations/app.managed.yaml.

/** `Attributes` of a declaration. */
export const declarationAttributes: KeyRules = {
  VPNUUID: { type: "string" },
  ContentFilterUUID: { type: "string" },
  DNSProxyUUID: { type: "string" },
  RelayUUID: { type: "string" },
  AssociatedDomains: { type: "array", members: { type: "string" } },
  AssociatedDomainsEnableDirectDownloads: { type: "boolean" },
  TapToPayScreenLock: { type: "boolean" },
  CellularSliceUUID: {
    type: "string",
    pattern: /^(DNN|AppCategory):./,
    form: "DNN:name or AppCategory:category",
  },
  Hideable: { type: "boolean" },
  Lockable: { type: "boolean" },
};

/** `Attributes` of `InstallApplication`, which has one more. */
export const commandAttributes: KeyRules = {
  ...declarationAttributes,
  Removable: { type: "boolean" },
};

/** What is wrong with a combination of attributes, if anything. */
export function conflictOfAttributes({ attributes }: Readonly<Record<string, unknown>>): string | undefined {
  const { AssociatedDomains, AssociatedDomainsEnableDirectDownloads } = attributes as AppAttributes;
  return AssociatedDomainsEnableDirectDownloads && !AssociatedDomains
    ? "AssociatedDomainsEnableDirectDownloads needs AssociatedDomains"
    : undefined;
}

const text = { type: "string", required: true } as const;
const credentials: ValueRule = {
  type: "array",
  members: { type: "object", keys: { Identifier: text, AssetReference: text } },
};

/** Configuration for an app's ManagedApp framework (iOS 18.4), each part in its own asset declaration. */
export interface AppConfig {
  /** Identifier of a `com.apple.asset.data` declaration that refers to a property list. */
  readonly DataAssetReference?: string | undefined;
  readonly Passwords?: readonly CredentialReference[] | undefined;
  readonly Identities?: readonly CredentialReference[] | undefined;
  readonly Certificates?: readonly CredentialReference[] | undefined;
}

/** A credential in an asset declaration. */
export interface CredentialReference {
  /** The name by which the app finds it. */
  readonly Identifier: string;
  /** The identifier of the asset declaration. */
  readonly AssetReference: string;
}

/** `AppConfig`, and each member of `ExtensionConfigs`. */
export const appConfig: ValueRule = {
  type: "object",
  keys: {
    DataAssetReference: { type: "string" },
    Passwords: credentials,
    Identities: credentials,
    Certificates: credentials,
  },
};
