import type { AppMetadata, PackageWarning } from "@portcullis/issuer";
import type { Hosting } from "../hosting/hosting.ts";
import type { Database, ItemRow, VersionRow } from "../store/schema.ts";
import { versionWarnings } from "./version-warnings.ts";

/** An app or a package. Times are in seconds since 1970. */
export interface ItemRecord {
  readonly id: string;
  readonly kind: "ipa" | "pkg";
  readonly bundleIdentifier: string;
  /** Of the newest version. */
  readonly title: string;
  /** SHA-256 of the icon of the newest version; `undefined` if that has none. */
  readonly icon: string | undefined;
  readonly createdAt: number;
  readonly channels: readonly ChannelRecord[];
}

/** What the links of a channel install. */
export interface ChannelRecord {
  readonly name: string;
  readonly versionId: string;
  readonly bundleVersion: string;
  readonly build: string | undefined;
  readonly changedAt: number;
}

/** A published file of an item. */
export interface VersionRecord {
  readonly id: string;
  readonly bundleVersion: string;
  readonly build: string | undefined;
  readonly fileName: string;
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  readonly publishedAt: number;
  readonly hosting: Hosting;
  /** The name of the object in the origin, or the URL on the web server. */
  readonly address: string | undefined;
  /** The channels that lead to it. */
  readonly channels: readonly string[];
  /** Warnings about what would prevent devices from installing it. */
  readonly warnings: readonly PackageWarning[];
}

/** The version as people write it, with its build number if that says more. */
export function versionName({ bundleVersion, build }: Pick<VersionRecord, "bundleVersion" | "build">): string {
  return build === undefined || build === bundleVersion ? bundleVersion : `${bundleVersion} (${build})`;
}

/** A channel, and the metadata of its version. */
export interface ChannelOfItem {
  readonly item_id: string;
  readonly name: string;
  readonly version_id: string;
  readonly changed_at: number;
  readonly metadata: string;
}

/** What the channels of these items lead to, by name. */
export async function channelsOf(db: Database, itemIds: readonly string[]): Promise<ChannelOfItem[]> {
  if (itemIds.length === 0) return [];
  return db
    .selectFrom("channel")
    .innerJoin("version", "version.id", "channel.version_id")
    .select(["channel.item_id", "channel.name", "channel.version_id", "channel.changed_at", "version.metadata"])
    .where("channel.item_id", "in", itemIds)
    .orderBy("channel.name")
    .execute();
}

export function itemRecord(item: ItemRow, channels: readonly ChannelOfItem[]): ItemRecord {
  return {
    id: item.id,
    kind: item.kind,
    bundleIdentifier: item.bundle_identifier,
    title: item.title,
    icon: item.icon ?? undefined,
    createdAt: item.created_at,
    channels: channels.map(({ name, version_id, changed_at, metadata }) => ({
      name,
      versionId: version_id,
      ...namesOf(metadata),
      changedAt: changed_at,
    })),
  };
}

/** The version of this item; `undefined` if another item has it, or none. */
export async function findVersion(
  db: Database,
  itemId: string,
  versionId: string,
  now: number,
): Promise<VersionRecord | undefined> {
  const query = db.selectFrom("version").selectAll().where("id", "=", versionId).where("item_id", "=", itemId);
  const [version] = await versionRecords(db, itemId, await query.execute(), now);
  return version;
}

/** Rows of versions of this item, with the channels that lead to each. */
export async function versionRecords(
  db: Database,
  itemId: string,
  rows: readonly VersionRow[],
  now: number,
): Promise<VersionRecord[]> {
  const channels = await db
    .selectFrom("channel")
    .select(["name", "version_id"])
    .where("item_id", "=", itemId)
    .orderBy("name")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    ...namesOf(row.metadata),
    fileName: row.file_name,
    sha256: row.sha256,
    size: row.size,
    publishedAt: row.published_at,
    hosting: row.hosting,
    address: row.address ?? undefined,
    channels: channels.filter(({ version_id }) => version_id === row.id).map(({ name }) => name),
    warnings: versionWarnings(row, now),
  }));
}

/** The metadata of a version, as it is stored. */
export function namesOf(metadata: string): Pick<VersionRecord, "bundleVersion" | "build"> {
  const { bundleVersion = "", build } = JSON.parse(metadata) as AppMetadata & { readonly build?: string };
  return { bundleVersion, build };
}
