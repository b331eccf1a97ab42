import { sql } from "kysely";
import { linkUnknown } from "../link/links.ts";
import type { Store } from "../store/open-store.ts";
import { type Page, type PageOptions, readPage } from "../store/page.ts";

/** A response to a request for a file, when it has ended. */
export interface EndedDownload {
  /** The `jti` of the token. */
  readonly receiptId: string;
  readonly method: string;
  readonly status: number;
  /** Size of the body, in bytes. */
  readonly sent: number;
  /** Size of the whole file, in bytes. */
  readonly size: number | undefined;
  /** The `Range` header of the request. */
  readonly range: string | undefined;
}

/** What a device did after it had fetched a manifest. Times are in seconds since 1970. */
export interface ReceiptRecord {
  readonly id: string;
  readonly bundleVersion: string;
  readonly manifestAt: number;
  readonly client: string;
  readonly address: string | undefined;
  readonly headAt: number | undefined;
  readonly getAt: number | undefined;
  /** All bytes that were sent, including those sent twice. */
  readonly bytes: number;
  /** Of the file, in bytes. */
  readonly size: number;
  /** When the last byte was sent, after all others. */
  readonly completedAt: number | undefined;
}

/** What devices did with manifests. */
export interface Receipts {
  begin(receipt: {
    readonly id: string;
    readonly linkId: string;
    readonly versionId: string;
    readonly client: string;
    readonly address: string | undefined;
  }): Promise<void>;
  downloadEnded(download: EndedDownload): Promise<void>;
  /** Those of one link, newest first. */
  list(linkId: string, page?: PageOptions): Promise<Page<ReceiptRecord>>;
  /**
   * Removes receipts whose manifest was fetched before this time, at most 200 of them; resolves with how many it
   * removed. The time when a link was last used is kept.
   */
  removeBefore(time: number): Promise<number>;
}

/** Few enough that no request waits long for the database. */
const mostRemoved = 200;

/** Creates the functions that read and change receipts in the database; `now` in seconds. */
export function createReceipts({ db, write }: Store, now: () => number): Receipts {
  const nothingYet = { bytes: sql.lit(0), reached: sql.lit(0) };
  // Built once: it is run for each manifest.
  const insertion = db
    .insertInto("receipt")
    .values({ ...{ id: "", link_id: "", version_id: "", manifest_at: 0, client: "", address: "" }, ...nothingYet })
    .compile();
  return {
    async begin({ id, linkId, versionId, client, address }) {
      const parameters = [id, linkId, versionId, Math.floor(now()), client, address ?? null];
      await db.executeQuery({ ...insertion, parameters });
    },

    async downloadEnded({ receiptId, method, status, sent, size, range }) {
      if (status !== 200 && status !== 206) return;
      const at = Math.floor(now());
      if (method === "HEAD") {
        const set = { head_at: sql<number>`coalesce(head_at, ${at})` };
        await db.updateTable("receipt").set(set).where("id", "=", receiptId).execute();
        return;
      }
      const first = status === 200 ? 0 : firstByte(range, sent, size);
      const end = first + sent;
      // One statement, so that two downloads that end at the same moment are both counted.
      const reached = sql<number>`case when reached >= ${first} and reached < ${end} then ${end} else reached end`;
      const isComplete = sql<boolean>`completed_at is null and reached >= ${first}`;
      const isLast = size !== undefined && end >= size;
      await db
        .updateTable("receipt")
        .set({
          get_at: sql<number>`coalesce(get_at, ${at})`,
          bytes: sql<number>`bytes + ${sent}`,
          reached,
          ...(isLast && { completed_at: sql<number | null>`case when ${isComplete} then ${at} else completed_at end` }),
        })
        .where("id", "=", receiptId)
        .execute();
    },

    async list(linkId, page = {}) {
      const link = await db.selectFrom("link").select("id").where("id", "=", linkId).executeTakeFirst();
      if (!link) throw linkUnknown(linkId);
      const { entries, next } = await readPage(
        page,
        (id) =>
          db
            .selectFrom("receipt")
            .select(["manifest_at", "id"])
            .where("id", "=", id)
            .where("link_id", "=", linkId)
            .executeTakeFirst(),
        (limit, after) => {
          const query = db
            .selectFrom("receipt")
            .innerJoin("version", "version.id", "receipt.version_id")
            .selectAll("receipt")
            .select(["version.metadata", "version.size"])
            .where("link_id", "=", linkId)
            .orderBy("manifest_at", "desc")
            .orderBy("receipt.id", "desc")
            .limit(limit);
          if (!after) return query.execute();
          return query
            .where((is) => is(is.refTuple("manifest_at", "receipt.id"), "<", is.tuple(after.manifest_at, after.id)))
            .execute();
        },
      );
      const records = entries.map((row) => ({
        id: row.id,
        bundleVersion: String(JSON.parse(row.metadata).bundleVersion),
        manifestAt: row.manifest_at,
        client: row.client,
        address: row.address ?? undefined,
        headAt: row.head_at ?? undefined,
        getAt: row.get_at ?? undefined,
        bytes: row.bytes,
        size: row.size,
        completedAt: row.completed_at ?? undefined,
      }));
      return { entries: records, next };
    },

    async removeBefore(time) {
      return write(async (transaction) => {
        const rows = await transaction
          .selectFrom("receipt")
          .select(["id", "link_id"])
          .where("manifest_at", "<", time)
          .orderBy("manifest_at")
          .limit(mostRemoved)
          .execute();
        if (rows.length === 0) return 0;
        await transaction
          .updateTable("link")
          .set(({ selectFrom }) => ({
            last_used_at: selectFrom("receipt")
              .select(({ fn }) => fn.max("manifest_at").as("at"))
              .whereRef("receipt.link_id", "=", "link.id"),
          }))
          .where("id", "in", [...new Set(rows.map(({ link_id }) => link_id))])
          .execute();
        const ids = rows.map(({ id }) => id);
        await transaction.deleteFrom("receipt").where("id", "in", ids).execute();
        return rows.length;
      });
    },
  };
}

/** Where a 206 response begins. */
function firstByte(range: string | undefined, sent: number, size: number | undefined): number {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/i.exec(range ?? "") ?? [];
  // `bytes=-100` asks for the last hundred bytes.
  return first === "" ? Math.max(0, (size ?? sent) - Number(last)) : Number(first);
}
