import type { RecordChange } from "../audit/audit.ts";
import { depotError } from "../depot-error.ts";
import { contains } from "../store/contains.ts";
import type { Store } from "../store/open-store.ts";
import { type Page, type PageOptions, readPage } from "../store/page.ts";
import type { Database, ItemRow } from "../store/schema.ts";
import { checkChannel, findChannel, rollBackChannel, setChannel } from "./channel.ts";
import { findItem } from "./find-item.ts";
import {
  type ChannelOfItem,
  channelsOf,
  findVersion,
  type ItemRecord,
  itemRecord,
  type VersionRecord,
  versionName,
  versionRecords,
} from "./item-records.ts";

/** What is published, and which version each channel leads to. An item is named by its bundle identifier or its ID. */
export interface Items {
  /** Sorted by title; only those whose title or identifier contains `search`. */
  list(page?: PageOptions & { readonly search?: string | undefined }): Promise<Page<ItemRecord>>;
  find(item: string): Promise<ItemRecord>;
  /** Newest first. */
  versions(item: string, page?: PageOptions): Promise<Page<VersionRecord>>;
  /** Sets a channel to the version of another one: the tested beta becomes the release. */
  promote(item: string, channels: { readonly from: string; readonly to: string }): Promise<VersionRecord>;
  /** Sets a channel to any version of the item. */
  choose(item: string, channel: string, versionId: string): Promise<VersionRecord>;
  /** Sets a channel back to its previous version. */
  rollBack(item: string, channel: string): Promise<VersionRecord>;
}

/** Creates the functions that read and change items, versions and channels in the database; `now` in seconds. */
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
    async list({ search, ...page } = {}) {
      const { entries, next } = await readPage(
        page,
        (id) => db.selectFrom("item").select(["title", "id"]).where("id", "=", id).executeTakeFirst(),
        (limit, after) => {
          let query = db.selectFrom("item").selectAll().orderBy("title").orderBy("id").limit(limit);
          if (search !== undefined) query = query.where(contains(["title", "bundle_identifier"], search));
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
            .select("number")
            .where("id", "=", id)
            .where("item_id", "=", itemId)
            .executeTakeFirst(),
        (limit, after) => {
          const query = db
            .selectFrom("version")
            .selectAll()
            .where("item_id", "=", itemId)
            .orderBy("number", "desc")
            .limit(limit);
          return (after ? query.where("number", "<", after.number) : query).execute();
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
        // The version must be of this item: another item's file under its links would replace the app on every device.
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

function versionUnknown({ bundle_identifier }: ItemRow, versionId: string): Error {
  return depotError(
    "version_unknown",
    `${bundle_identifier} has no version with the ID ${versionId}`,
    "List its versions: portcullis item versions",
  );
}
