// The depot and its server

export type { AdminAppOptions } from "./admin/admin-app.tsx";
export type { AdminBindings, AdminEnvironment } from "./admin/admin-environment.ts";
export type { AppBindings, RequestFacts } from "./app-bindings.ts";
export type { Configuration, ConfigurationChange, ConfigurationRecord } from "./configuration/configuration.ts";
export { createDataKey, type DataKey, readDataKeyFile } from "./configuration/data-key.ts";
export type { DepotGate } from "./configuration/depot-gate.ts";
export { generateEncryptionKey } from "./configuration/generate-encryption-key.ts";
export { type PublicJwkSet, publicJwkSet } from "./configuration/public-jwk-set.ts";
export type { VerificationKey } from "./configuration/verification-keys.ts";
export {
  checkPublicUrl,
  type Depot,
  type DepotOptions,
  type DepotServer,
  type DepotServerOptions,
  openDepot,
  openDepotServer,
} from "./depot.ts";

// Its data

export type { ApiTokenRecord, ApiTokens } from "./api-token/api-tokens.ts";
export type { Actor, AuditAction, AuditEntry, AuditRecord } from "./audit/audit.ts";
export type { DepotOrigin, FileToWrite } from "./hosting/file-places.ts";
export {
  type HostedSource,
  type Hosting,
  type HostingChoice,
  hostings,
  type StoringHosting,
} from "./hosting/hosting.ts";
export type { HostedVersionRecord, HostingChanges, HostingCheck } from "./hosting/hosting-changes.ts";
export { checkWebServer } from "./hosting/web-server.ts";
export { checkChannel } from "./item/channel.ts";
export type { ChannelRecord, ItemRecord, VersionRecord } from "./item/item-records.ts";
export type { Items } from "./item/items.ts";
export type { PublishedVersion, PublishOptions } from "./item/publish.ts";
export { sha256OfFile } from "./item/sha256-of-file.ts";
export { installPageUrl, manifestUrl } from "./link/link-urls.ts";
export type { LinkRecord, Links, NewLink } from "./link/links.ts";
export type { ManifestOutcome, ManifestResult } from "./manifest/manifest.ts";
export type { EndedDownload, ReceiptRecord, Receipts } from "./receipt/receipts.ts";
export type { Administrator, Session, SignInResult } from "./sign-in/administrator.ts";
export type { Page, PageOptions } from "./store/page.ts";

// Errors

export { type DepotError, type DepotErrorCode, isDepotError } from "./depot-error.ts";
