// The JSON Web Token configuration, and what it issues

export type { Issuer } from "./issuer.ts";
export { createIssuer } from "./issuer.ts";
export type { IssuerWarning, JwtConfiguration } from "./jwt-configuration.ts";
export type { IssuerJwk, IssuerPublicKey } from "./public-key.ts";

// App manifests

export type { AppManifestOptions, AppMetadata, ManifestAsset, ProtectUrl } from "./app-manifest.ts";
export { writeAppManifest } from "./app-manifest.ts";
export type {
  ChunkHashes,
  FileHashes,
  HashFileOptions,
  HashProgress,
  WholeFileHashes,
} from "./file-hashes.ts";
export { hashFile } from "./file-hashes.ts";
export type { LintManifestOptions, ManifestReport } from "./lint-manifest.ts";
export { lintManifest } from "./lint-manifest.ts";
export type { ManifestFinding, ManifestFlaw } from "./manifest-finding.ts";
export type {
  PackageDescription,
  PackagedApp,
  PackageMetadata,
  PackageWarning,
} from "./package-description.ts";
export type { PropertyListDictionary, PropertyListValue } from "./property-list.ts";
export { readPackage } from "./read-package.ts";

// What is sent to devices

export type {
  Declaration,
  DeclarationOptions,
  ManagedAppDeclarationOptions,
} from "./declaration.ts";
export { managedAppDeclaration, packageDeclaration } from "./declaration.ts";
export type { InstallApplicationOptions, InstallOptions } from "./install-application.ts";
export { installApplicationCommand } from "./install-application.ts";
export type {
  InlineManifest,
  InstallEnterpriseApplicationOptions,
  ManifestByUrl,
} from "./install-enterprise-application.ts";
export { installEnterpriseApplicationCommand } from "./install-enterprise-application.ts";
export { installLink } from "./install-link.ts";
export type { InstallMediaOptions } from "./install-media.ts";
export { installMediaCommand } from "./install-media.ts";
export type { MdmCommandOptions } from "./mdm-command.ts";
export type { MicroMdmCommand, MicroMdmOptions } from "./micromdm-command.ts";
export { microMdmCommand } from "./micromdm-command.ts";

// Jamf Pro's API

export type { ApiFormat } from "./api-representation.ts";
export type { ConfigurationStore } from "./configuration-store.ts";
export { createConfigurationStore } from "./configuration-store.ts";

// When something cannot be done

export type { IssuerError, IssuerErrorCode } from "./issuer-error.ts";
export { isIssuerError, issuerErrorCodes } from "./issuer-error.ts";
