import type { AppMetadata, PackageWarning } from "@portcullis/issuer";
import type { RecordChange } from "../audit/audit.ts";
import { depotError } from "../depot-error.ts";
import type { Hosting } from "../hosting/hosting.ts";
import type { Store } from "../store/open-store.ts";
import { type Page, type PageOptions, readPage } from "../store/page.ts";
import type { Database, ItemRow, VersionRow } from "../store/schema.ts";
import { checkChannel, findChannel, rollBackChannel, setChannel } from "./channel.ts";
import { findItem } from "./find-item.ts";
import { versionWarnings } from "./version-warnings.ts";

/** An app or a package. Times are seconds since 1970. */
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
  /** What would keep devices from installing it. */
  readonly warnings: readonly PackageWarning[];
}

/** What is published, and which version each channel leads to. An item is named by its bundle identifier or its ID. */
export interface Items {
  /** By title. */
  list(page?: PageOptions): Promise<Page<ItemRecord>>;
  find(item: string): Promise<ItemRecord>;
  /** The latest first. */
  versions(item: string, page?: PageOptions): Promise<Page<VersionRecord>>;
  /** Sets a channel to the version of another one: the tested beta becomes the release. */
  promote(item: string, channels: { readonly from: string; readonly to: string }): Promise<VersionRecord>;
  /** Sets a channel to any version of the item. */
  choose(item: string, channel: string, versionId: string): Promise<VersionRecord>;
  /** Sets a channel back to its previous version. */
  rollBack(item: string, channel: string): Promise<VersionRecord>;
}

/** Makes the rules over the tables of items, versions and channels; `now` in seconds. */
export function createItems(store: Store, now: () => number, recordChange: RecordChange): Items {
  const { db } = store;

  /** Changes a channel and returns the version that it then has. */
  function change(
    name: string,
    { action, channel }: { readonly action: "channel_set" | "channel_rolled_back"; readonly channel: string },
    work: (transaction: Database, item: ItemRow) => Promise<string>,
  ) {
    return store.write(async (transaction) => {
      const item = await findItem(transaction, name);
      const versionId = await work(transaction, item);
      const version = await findVersion(transaction, item.id, versionId, now());
      if (!version) throw versionUnknown(item, versionId);
      const detail = `${channel} leads to ${versionName(version)}`;
      await recordChange(transaction, { action, subject: item.bundle_identifier, detail });
      return version;
    });
  }

  const time = (): number => Math.floor(now());

  return {
    async list(page = {}) {
      const { entries, next } = await readPage(
        page,
        (id) => db.selectFrom("item").select(["title", "id"]).where("id", "=", id).executeTakeFirst(),
        (limit, after) => {
          const query = db.selectFrom("item").selectAll().orderBy("title").orderBy("id").limit(limit);
          if (!after) return query.execute();
          return query.where((is) => is(is.refTuple("title", "id"), ">", is.tuple(after.title, after.id))).execute();
        },
      );
      const channels = await channelsOf(
        db,
        entries.map(({ id }) => id),
      );
      const byItem = new Map<string, ChannelOfItem[]>();
      for (const channel of channels) byItem.set(channel.item_id, [...(byItem.get(channel.item_id) ?? []), channel]);
      return { entries: entries.map((item) => itemRecord(item, byItem.get(item.id) ?? [])), next };
    },
    async find(name) {
      const item = await findItem(db, name);
      return itemRecord(item, await channelsOf(db, [item.id]));
    },
    async versions(name, page = {}) {
      const { id: itemId } = await findItem(db, name);
      const { entries, next } = await readPage(
        page,
        (id) =>
          db
            .selectFrom("version")
            .select(["published_at", "id"])
            .where("id", "=", id)
            .where("item_id", "=", itemId)
            .executeTakeFirst(),
        (limit, after) => {
          const query = db
            .selectFrom("version")
            .selectAll()
            .where("item_id", "=", itemId)
            .orderBy("published_at", "desc")
            .orderBy("id", "desc")
            .limit(limit);
          if (!after) return query.execute();
          return query
            .where((is) => is(is.refTuple("published_at", "id"), "<", is.tuple(after.published_at, after.id)))
            .execute();
        },
      );
      return { entries: await versionRecords(db, itemId, entries, now()), next };
    },
    promote: (name, { from, to }) =>
      change(name, { action: "channel_set", channel: to }, async (transaction, item) => {
        checkChannel(to);
        const { version_id: versionId } = await findChannel(transaction, item, from);
        await setChannel(transaction, { itemId: item.id, channel: to, versionId, now: time() });
        return versionId;
      }),
    choose: (name, channel, versionId) =>
      change(name, { action: "channel_set", channel }, async (transaction, item) => {
        checkChannel(channel);
        // Of this item: another one's file under its links would replace the app on every device.
        if (!(await findVersion(transaction, item.id, versionId, now()))) throw versionUnknown(item, versionId);
        await setChannel(transaction, { itemId: item.id, channel, versionId, now: time() });
        return versionId;
      }),
    rollBack: (name, channel) =>
      change(name, { action: "channel_rolled_back", channel }, (transaction, item) =>
        rollBackChannel(transaction, item, channel, time()),
      ),
  };
}

/** The version as people name it, with its build if that says more. */
export function versionName({ bundleVersion, build }: Pick<VersionRecord, "bundleVersion" | "build">): string {
  return build === undefined || build === bundleVersion ? bundleVersion : `${bundleVersion} (${build})`;
}

interface ChannelOfItem {
  readonly item_id: string;
  readonly name: string;
  readonly version_id: string;
  readonly changed_at: number;
  readonly metadata: string;
}

async function channelsOf(db: Database, itemIds: readonly string[]): Promise<ChannelOfItem[]> {
  if (itemIds.length === 0) return [];
  return db
    .selectFrom("channel")
    .innerJoin("version", "version.id", "channel.version_id")
    .select(["channel.item_id", "channel.name", "channel.version_id", "channel.changed_at", "version.metadata"])
    .where("channel.item_id", "in", itemIds)
    .orderBy("channel.name")
    .execute();
}

function itemRecord(item: ItemRow, channels: readonly ChannelOfItem[]): ItemRecord {
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
async function findVersion(
  db: Database,
  itemId: string,
  versionId: string,
  now: number,
): Promise<VersionRecord | undefined> {
  const query = db.selectFrom("version").selectAll().where("id", "=", versionId).where("item_id", "=", itemId);
  const [version] = await versionRecords(db, itemId, await query.execute(), now);
  return version;
}

async function versionRecords(
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

function namesOf(metadata: string): Pick<VersionRecord, "bundleVersion" | "build"> {
  const { bundleVersion = "", build } = JSON.parse(metadata) as AppMetadata & { readonly build?: string };
  return { bundleVersion, build };
}

function versionUnknown({ bundle_identifier }: ItemRow, versionId: string): Error {
  return depotError(
    "version_unknown",
    `${bundle_identifier} has no version with the ID ${versionId}`,
    "List its versions: portcullis item versions",
  );
}
