import type { Kysely } from "kysely";
import type { Hosting } from "../hosting/hosting.ts";

/** The one JSON Web Token configuration, as in Jamf Pro's form. */
export interface ConfigurationRow {
  /** Jamf's API names the configuration by it; a configuration that replaces a removed one gets the next. */
  id: number;
  display_name: string;
  /** The private key, encrypted with the data key. */
  sealed_key: string;
  /** In minutes. */
  token_expiry: number;
  /** 1 or 0: SQLite has no booleans. */
  enabled: number;
  /** Increases with each change, so that every depot on this database notices it. */
  revision: number;
}

/** A public key whose tokens are accepted. */
export interface VerificationKeyRow {
  /** RFC 7638 thumbprint. */
  key_id: string;
  pem: string;
  /** When the last token that it signed has expired; null while it signs. */
  accepted_until: number | null;
}

/** An app or a package: what all its versions share. */
export interface ItemRow {
  id: string;
  kind: "ipa" | "pkg";
  bundle_identifier: string;
  title: string;
  created_at: number;
  /** Of the newest version; null if that has none. */
  icon: string | null;
}

/** One published file of an item; only its hosting location can change. */
export interface VersionRow {
  id: string;
  item_id: string;
  /** Of the whole file, in hexadecimal; it is the file's folder and a part of its URL. */
  sha256: string;
  file_name: string;
  /** `AppMetadata`, with the build, as JSON. */
  metadata: string;
  /** `FileHashes` as JSON. */
  hashes: string;
  size: number;
  published_at: number;
  /** 1, 2, 3 and so on, in the order in which versions of all items were published. */
  number: number;
  /** `PackageWarning`s as JSON; null if it was published before they were stored. */
  warnings: string | null;
  /** Of the provisioning profile; null if there is none, or if it was published before this was stored. */
  profile_expires_at: number | null;
  /** Null if it has none, or if it was published before icons were stored. */
  icon: string | null;
  hosting: Hosting;
  /** Since when it is hosted there; 0 for files that were in the data folder before this was stored. */
  hosted_at: number;
  /** The name of the object in the origin, or the URL on the web server. */
  address: string | null;
  /** The entity tag, or else the date, that its location gives it; null in the data folder. */
  validator: string | null;
}

/** An icon, which several versions can have. */
export interface IconRow {
  /** Of the PNG, in hexadecimal. */
  sha256: string;
  /** In base64: SQLite and PostgreSQL have no type for bytes in common. */
  png: string;
}

/** A part of a file that is hosted in the database. */
export interface FilePartRow {
  sha256: string;
  /** 0, 1, 2 and so on. */
  number: number;
  bytes: Uint8Array<ArrayBuffer> | ArrayBuffer;
}

/** Which version of an item the links of a channel serve. */
export interface ChannelRow {
  item_id: string;
  name: string;
  version_id: string;
  changed_at: number;
  /** The change that made it so. */
  change_id: string;
}

/** One change of a channel; never changed itself. */
export interface ChannelChangeRow {
  id: string;
  item_id: string;
  channel: string;
  version_id: string;
  /** The change to go back to; null for the first one. */
  previous_id: string | null;
  changed_at: number;
}

/** A manifest link. Its secret is not stored: nobody can use the link with the database alone. */
export interface LinkRow {
  id: string;
  /** SHA-256 of the secret, in hexadecimal. */
  secret_hash: string;
  item_id: string;
  channel: string;
  recipient: string;
  created_at: number;
  /** 1, 2, 3 and so on, in the order in which links were created. */
  number: number;
  expires_at: number | null;
  revoked_at: number | null;
  /** When a manifest was last fetched with it, according to receipts that have been removed. */
  last_used_at: number | null;
}

/**
 * The outcome of one manifest that was sent: whether the device requested the file, and how many bytes of it were sent.
 */
export interface ReceiptRow {
  /** Also the `jti` of the manifest's token. */
  id: string;
  link_id: string;
  version_id: string;
  manifest_at: number;
  client: string;
  address: string | null;
  /** The first HEAD request. */
  head_at: number | null;
  /** The first GET request. */
  get_at: number | null;
  /** All bytes that were sent, including those sent twice. */
  bytes: number;
  /** Bytes from the beginning of the file without a gap. */
  reached: number;
  completed_at: number | null;
}

/** A token of a program that uses the API. */
export interface ApiTokenRow {
  id: string;
  name: string;
  /** SHA-256 of the token, in hexadecimal. */
  token_hash: string;
  created_at: number;
  /** 1, 2, 3 and so on, in the order in which tokens were created. */
  number: number;
  expires_at: number | null;
  revoked_at: number | null;
  last_used_at: number | null;
}

/** A setting of the depot itself. */
export interface SettingRow {
  name: string;
  value: string;
}

/** The administrator's password: one row, or none until it is set for the first time. */
export interface AdministratorRow {
  /** Always 1. */
  id: number;
  password_hash: string;
  changed_at: number;
}

/** A link that sets the administrator's password once. */
export interface SetupLinkRow {
  /** SHA-256 of the secret, in hexadecimal. */
  secret_hash: string;
  expires_at: number;
}

/** A browser that has signed in. */
export interface SessionRow {
  /** SHA-256 of the cookie's value, in hexadecimal. */
  token_hash: string;
  created_at: number;
  expires_at: number;
}

/** A program that has signed in as it would to Jamf Pro's API. */
export interface BearerTokenRow {
  /** SHA-256 of the token, in hexadecimal. */
  token_hash: string;
  signed_in_at: number;
  expires_at: number;
}

/** One change in the audit log; never changed itself. */
export interface AuditRow {
  /** 1, 2, 3 and so on, in the order of the changes. */
  number: number;
  changed_at: number;
  actor: string;
  address: string | null;
  action: string;
  /** What was changed. */
  subject: string;
  detail: string | null;
}

/** All tables. Times are whole seconds since 1970. */
export interface Schema {
  configuration: ConfigurationRow;
  verification_key: VerificationKeyRow;
  item: ItemRow;
  version: VersionRow;
  icon: IconRow;
  file_part: FilePartRow;
  channel: ChannelRow;
  channel_change: ChannelChangeRow;
  link: LinkRow;
  receipt: ReceiptRow;
  api_token: ApiTokenRow;
  setting: SettingRow;
  administrator: AdministratorRow;
  setup_link: SetupLinkRow;
  session: SessionRow;
  bearer_token: BearerTokenRow;
  audit: AuditRow;
}

/** The database, or a transaction in it. */
export type Database = Kysely<Schema>;

/** The open database. */
export interface Store {
  /** For reading, and for a single statement that changes something. */
  readonly db: Database;
  /** Runs several statements as one change: all of them or none, and durable when it resolves. One at a time. */
  write<Result>(work: (transaction: Database) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}
