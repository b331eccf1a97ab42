// The JSON Web Token configuration and its tokens

export { readEncryptionKey } from "./token/encryption-key.ts";
export type { DownloadUrlOptions, Issuer } from "./token/issuer.ts";
export { createIssuer } from "./token/issuer.ts";
export type { IssuerWarning, JwtConfiguration } from "./token/jwt-configuration.ts";
export type { IssuerJwk, IssuerPublicKey } from "./token/public-key.ts";

// App manifests

export type { AppManifestOptions, AppMetadata, ManifestAsset, ProtectUrl } from "./manifest/app-manifest.ts";
export { writeAppManifest } from "./manifest/app-manifest.ts";
export type {
  ChunkHashes,
  FileHashes,
  HashFileOptions,
  HashProgress,
  WholeFileHashes,
} from "./manifest/file-hashes.ts";
export { hashFile } from "./manifest/file-hashes.ts";
export type { LintManifestOptions } from "./manifest/lint-manifest.ts";
export { lintManifest } from "./manifest/lint-manifest.ts";
export type { ManifestFinding, ManifestFlaw, ManifestReport } from "./manifest/manifest-finding.ts";
export { readAppIcon } from "./package/app-icon.ts";
export type {
  PackageDescription,
  PackagedApp,
  PackageMetadata,
  PackageWarning,
} from "./package/package-description.ts";
export { profileWarnings } from "./package/profile-warnings.ts";
export type { ProvisioningProfile } from "./package/provisioning-profile.ts";
export { type ReadPackageOptions, readPackage } from "./package/read-package.ts";
export type { PropertyListDictionary, PropertyListValue } from "./property-list/property-list.ts";

// MDM commands, declarations and install links

export type { AppAttributes, AppConfig, CredentialReference } from "./mdm/app-attributes.ts";
export type {
  Declaration,
  DeclarationOptions,
  ExistingMacApp,
  InstalledApp,
  ManagedAppDeclarationOptions,
  PackageDeclarationOptions,
} from "./mdm/declaration.ts";
export { managedAppDeclaration, packageDeclaration } from "./mdm/declaration.ts";
export type { InstallApplicationOptions, InstallOptions } from "./mdm/install-application.ts";
export { installApplicationCommand } from "./mdm/install-application.ts";
export type {
  EnterpriseOptions,
  InlineManifest,
  InstallEnterpriseApplicationOptions,
  ManifestByUrl,
} from "./mdm/install-enterprise-application.ts";
export { installEnterpriseApplicationCommand } from "./mdm/install-enterprise-application.ts";
export { installLink } from "./mdm/install-link.ts";
export type { InstallMediaOptions } from "./mdm/install-media.ts";
export { installMediaCommand } from "./mdm/install-media.ts";
export type { MdmCommandOptions } from "./mdm/mdm-command.ts";
export type { MicroMdmCommand, MicroMdmOptions } from "./mdm/micromdm-command.ts";
export { microMdmCommand } from "./mdm/micromdm-command.ts";

// Jamf Pro's API

export type { ApiConfiguration, ApiFormat } from "./jamf-api/api-representation.ts";
export { readApiConfiguration, writeApiConfiguration, writeApiList } from "./jamf-api/api-representation.ts";
export type { ConfigurationApiOptions, ConfigurationApiStore } from "./jamf-api/configuration-api.ts";
export { createConfigurationApi } from "./jamf-api/configuration-api.ts";
export type { ConfigurationStore } from "./jamf-api/configuration-store.ts";
export { createConfigurationStore } from "./jamf-api/configuration-store.ts";

// Errors

export type { IssuerError, IssuerErrorCode } from "./issuer-error.ts";
export { isIssuerError, issuerErrorCodes } from "./issuer-error.ts";
