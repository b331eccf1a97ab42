import { randomUUID } from "node:crypto";
import { depotError } from "../depot-error.ts";
import type { Database, ItemRow } from "../store/schema.ts";

/** Checks the name of a channel; throws `channel_invalid`. */
export function checkChannel(name: string): void {
  if (/^[a-z0-9][a-z0-9-]{0,31}$/.test(name)) return;
  throw depotError(
    "channel_invalid",
    "the name of a channel must have 1 to 32 lower-case letters, digits and hyphens",
    "For example: release, beta",
  );
}

/** Which version the links of a channel install from now on. */
export interface ChannelChange {
  readonly itemId: string;
  readonly channel: string;
  readonly versionId: string;
  /** In seconds. */
  readonly now: number;
}

/** Sets the version of a channel; resolves with false if it has that version already. */
export async function setChannel(transaction: Database, change: ChannelChange): Promise<boolean> {
  const { itemId, channel, versionId } = change;
  const before = await currentOf(transaction, itemId, channel);
  if (before?.version_id === versionId) return false;
  await recordChange(transaction, change, before?.change_id ?? null);
  return true;
}

/**
 * Sets a channel to the version that it had before; resolves with its ID. Rolled back twice, it goes back two versions:
 * it never returns to a version that was rolled back.
 */
export async function rollBackChannel(
  transaction: Database,
  item: ItemRow,
  channel: string,
  now: number,
): Promise<string> {
  const current = await findChannel(transaction, item, channel);
  const previous = await transaction
    .selectFrom("channel_change as made")
    .innerJoin("channel_change as before", "before.id", "made.previous_id")
    .select(["before.version_id", "before.previous_id"])
    .where("made.id", "=", current.change_id)
    .executeTakeFirst();
  if (!previous) {
    throw depotError(
      "channel_unchanged",
      `the channel ${channel} of ${item.bundle_identifier} has no earlier version to roll back to`,
      "Choose one of its versions: portcullis item versions",
    );
  }
  const { version_id: versionId, previous_id } = previous;
  await recordChange(transaction, { itemId: item.id, channel, versionId, now }, previous_id);
  return versionId;
}

/** Finds a channel of an item; throws `channel_unknown`, which lists the existing ones. */
export async function findChannel(
  db: Database,
  { id, bundle_identifier }: ItemRow,
  channel: string,
): Promise<{ readonly version_id: string; readonly change_id: string }> {
  const found = await currentOf(db, id, channel);
  if (found) return found;
  const channels = await db.selectFrom("channel").select("name").where("item_id", "=", id).orderBy("name").execute();
  throw depotError(
    "channel_unknown",
    `no version of ${bundle_identifier} has been published to the channel ${channel}`,
    `Its channels: ${channels.map(({ name }) => name).join(", ")}`,
  );
}

function currentOf(db: Database, itemId: string, channel: string) {
  return db
    .selectFrom("channel")
    .select(["version_id", "change_id"])
    .where("item_id", "=", itemId)
    .where("name", "=", channel)
    .executeTakeFirst();
}

async function recordChange(transaction: Database, change: ChannelChange, previousId: string | null): Promise<void> {
  const { itemId: item_id, channel, versionId: version_id, now: changed_at } = change;
  const id = randomUUID();
  await transaction
    .insertInto("channel_change")
    .values({ id, item_id, channel, version_id, previous_id: previousId, changed_at })
    .execute();
  const current = { version_id, changed_at, change_id: id };
  await transaction
    .insertInto("channel")
    .values({ item_id, name: channel, ...current })
    .onConflict((conflict) => conflict.columns(["item_id", "name"]).doUpdateSet(current))
    .execute();
}
