import { createHash, randomBytes } from "node:crypto";
import type { RecordChange } from "../audit/audit.ts";
import { depotError } from "../depot-error.ts";
import { checkChannel, findChannel } from "../item/channel.ts";
import { findItem } from "../item/find-item.ts";
import { contains } from "../store/contains.ts";
import { nextNumber } from "../store/next-number.ts";
import type { Store } from "../store/open-store.ts";
import { type Page, type PageOptions, readPage } from "../store/page.ts";
import type { Database, ItemRow, LinkRow } from "../store/schema.ts";

/** Options for creating a link. */
export interface NewLink {
  /** Bundle identifier, or the ID of the item. */
  readonly item: string;
  readonly channel: string;
  /** The person or device that it is for. */
  readonly recipient: string;
  /** How long it works, in days; if unset, until it is revoked. */
  readonly days?: number | undefined;
}

/** A link without its secret. Times are in seconds since 1970. */
export interface LinkRecord {
  readonly id: string;
  readonly itemId: string;
  readonly bundleIdentifier: string;
  readonly title: string;
  readonly channel: string;
  readonly recipient: string;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly revokedAt: number | undefined;
  /** When a manifest was last fetched with it. */
  readonly lastUsedAt: number | undefined;
}

/** The links to manifests. */
export interface Links {
  /** Resolves with the secret part of the link, which is not stored and cannot be shown again. */
  create(
    link: NewLink,
  ): Promise<{ readonly id: string; readonly secret: string; readonly expiresAt: number | undefined }>;
  /** Newest first; of all items, or of one; only those whose recipient contains `search`. */
  list(
    page?: PageOptions & { readonly item?: string | undefined; readonly search?: string | undefined },
  ): Promise<Page<LinkRecord>>;
  /** One link by its ID; throws `link_unknown`. */
  get(id: string): Promise<LinkRecord>;
  /** Takes effect with the next request, on every depot that uses this database. */
  revoke(id: string): Promise<void>;
  /** Finds a link by its secret, whether it is still valid or not. */
  find(secret: string): Promise<LinkRow | undefined>;
}

const secretBytes = 20; // 160 bits
const secretForm = /^[0-9a-f]{40}$/;
const longestRecipient = 200;
const mostDays = 36_500;
const day = 86_400;

/** Creates the functions that read and change links in the database; `now` in seconds. */
export function createLinks(store: Store, now: () => number, recordChange: RecordChange): Links {
  const { db } = store;
  return {
    async create({ item: name, channel, recipient, days }) {
      checkChannel(channel);
      checkRecipient(recipient);
      if (days !== undefined && !(Number.isInteger(days) && days >= 1 && days <= mostDays)) {
        throw depotError("days_invalid", `the link can be valid for 1 to ${mostDays} days`);
      }
      const secret = randomBytes(secretBytes).toString("hex");
      const id = randomBytes(5).toString("hex");
      const created_at = Math.floor(now());
      const expiresAt = days === undefined ? undefined : created_at + days * day;
      await store.write(async (transaction) => {
        const item = await findItem(transaction, name);
        await findChannel(transaction, item, channel);
        const values = { id, secret_hash: hashOf(secret), item_id: item.id, channel, recipient, created_at };
        await transaction
          .insertInto("link")
          .values({
            ...{ ...values, number: await nextNumber(transaction, "link") },
            ...{ expires_at: expiresAt ?? null, revoked_at: null, last_used_at: null },
          })
          .execute();
        const detail = `${id} for ${recipient}, channel ${channel}`;
        await recordChange(transaction, { action: "link_created", subject: item.bundle_identifier, detail });
      });
      return { id, secret, expiresAt };
    },

    async list({ item, search, ...page } = {}) {
      const itemId = item === undefined ? undefined : (await findItem(db, item)).id;
      const { entries, next } = await readPage(
        page,
        (id) => {
          const query = db.selectFrom("link").select("number").where("id", "=", id);
          return (itemId === undefined ? query : query.where("item_id", "=", itemId)).executeTakeFirst();
        },
        (limit, after) => {
          let query = selectLinks(db).orderBy("link.number", "desc").limit(limit);
          if (itemId !== undefined) query = query.where("link.item_id", "=", itemId);
          if (search !== undefined) query = query.where(contains(["link.recipient"], search));
          return (after ? query.where("link.number", "<", after.number) : query).execute();
        },
      );
      return { entries: entries.map(linkRecord), next };
    },

    async get(id) {
      const row = await selectLinks(db).where("link.id", "=", id).executeTakeFirst();
      if (!row) throw linkUnknown(id);
      return linkRecord(row);
    },

    async revoke(id) {
      await store.write(async (transaction) => {
        const link = await transaction
          .selectFrom("link")
          .innerJoin("item", "item.id", "link.item_id")
          .select(["revoked_at", "recipient", "item.bundle_identifier"])
          .where("link.id", "=", id)
          .executeTakeFirst();
        if (!link) throw linkUnknown(id);
        if (link.revoked_at !== null) return;
        await transaction
          .updateTable("link")
          .set({ revoked_at: Math.floor(now()) })
          .where("id", "=", id)
          .execute();
        const { bundle_identifier: subject, recipient } = link;
        await recordChange(transaction, { action: "link_revoked", subject, detail: `${id} for ${recipient}` });
      });
    },

    async find(secret) {
      const hash = secretHash(secret);
      if (hash === undefined) return undefined;
      return db.selectFrom("link").selectAll().where("secret_hash", "=", hash).executeTakeFirst();
    },
  };
}

function selectLinks(db: Database) {
  return db
    .selectFrom("link")
    .innerJoin("item", "item.id", "link.item_id")
    .selectAll("link")
    .select((from) => [
      "item.bundle_identifier",
      "item.title",
      // Reads one entry of an index for each link. Counting the receipts would read them all.
      from
        .selectFrom("receipt")
        .select(({ fn }) => fn.max("manifest_at").as("at"))
        .whereRef("receipt.link_id", "=", "link.id")
        .as("newest_receipt"),
    ]);
}

function linkRecord(
  row: LinkRow & Pick<ItemRow, "bundle_identifier" | "title"> & { readonly newest_receipt: number | null },
): LinkRecord {
  return {
    id: row.id,
    itemId: row.item_id,
    bundleIdentifier: row.bundle_identifier,
    title: row.title,
    channel: row.channel,
    recipient: row.recipient,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    lastUsedAt: row.newest_receipt ?? row.last_used_at ?? undefined,
  };
}

/** The error for an ID that no link has. */
export function linkUnknown(id: string): Error {
  return depotError("link_unknown", `there is no link with the ID ${id}`, "List them: portcullis link list");
}

/** What is stored instead of a secret; `undefined` for text that cannot be a secret. */
export function secretHash(secret: string): string | undefined {
  return secretForm.test(secret) ? hashOf(secret) : undefined;
}

/** The secret is random, so a plain hash cannot be reversed by trying. */
function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Checks a recipient, which is printed in tables and logs; throws `recipient_invalid`. */
export function checkRecipient(recipient: string, what = "recipient"): void {
  const isText = recipient.trim() !== "" && !/[\p{Cc}\p{Cs}]/u.test(recipient);
  if (isText && recipient.length <= longestRecipient) return;
  throw depotError(
    "recipient_invalid",
    `the ${what} must have 1 to ${longestRecipient} characters, none of them a control character`,
  );
}
