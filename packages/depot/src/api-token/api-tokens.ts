import { createHash, randomBytes } from "node:crypto";
import type { RecordChange } from "../audit/audit.ts";
import { depotError } from "../depot-error.ts";
import { checkRecipient } from "../link/links.ts";
import { nextNumber } from "../store/next-number.ts";
import type { Store } from "../store/open-store.ts";
import { type Page, type PageOptions, readPage } from "../store/page.ts";

/** An API token without its secret. Times are in seconds since 1970. */
export interface ApiTokenRecord {
  readonly id: string;
  /** The job or program that it is for. */
  readonly name: string;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly revokedAt: number | undefined;
  /** When it was last used; accurate to the minute. */
  readonly lastUsedAt: number | undefined;
}

/** API tokens, with which programs such as CI jobs publish. */
export interface ApiTokens {
  /** Resolves with the token, which is not stored and cannot be shown again. */
  create(token: {
    readonly name: string;
    readonly days?: number | undefined;
  }): Promise<{ readonly id: string; readonly token: string; readonly expiresAt: number | undefined }>;
  /** Newest first. */
  list(page?: PageOptions): Promise<Page<ApiTokenRecord>>;
  /** Takes effect with the next request. */
  revoke(id: string): Promise<void>;
  /** The valid token with this text; `undefined` for any other text. */
  find(token: string): Promise<{ readonly id: string; readonly name: string } | undefined>;
}

/** Lets programs that look for leaked secrets recognise a token. */
const prefix = "portcullis_";
const tokenForm = /^portcullis_[0-9a-f]{40}$/;
const secretBytes = 20; // 160 bits
const mostDays = 3650;
const day = 86_400;
const minute = 60;

/** Creates the functions that read and change API tokens in the database; `now` in seconds. */
export function createApiTokens(store: Store, now: () => number, recordChange: RecordChange): ApiTokens {
  const { db } = store;
  const time = (): number => Math.floor(now());
  return {
    async create({ name, days }) {
      checkRecipient(name, "name of an API token");
      if (days !== undefined && !(Number.isInteger(days) && days >= 1 && days <= mostDays)) {
        throw depotError("days_invalid", `an API token can be valid for 1 to ${mostDays} days`);
      }
      const token = prefix + randomBytes(secretBytes).toString("hex");
      const id = randomBytes(5).toString("hex");
      const created_at = time();
      const expires_at = days === undefined ? null : created_at + days * day;
      const row = { id, name, token_hash: hashOf(token), created_at, expires_at, revoked_at: null, last_used_at: null };
      await store.write(async (transaction) => {
        const number = await nextNumber(transaction, "api_token");
        await transaction
          .insertInto("api_token")
          .values({ ...row, number })
          .execute();
        await recordChange(transaction, { action: "api_token_created", subject: name, detail: id });
      });
      return { id, token, expiresAt: expires_at ?? undefined };
    },

    async list(page = {}) {
      const { entries, next } = await readPage(
        page,
        (id) => db.selectFrom("api_token").select("number").where("id", "=", id).executeTakeFirst(),
        (limit, after) => {
          const query = db.selectFrom("api_token").selectAll().orderBy("number", "desc").limit(limit);
          return (after ? query.where("number", "<", after.number) : query).execute();
        },
      );
      const records = entries.map((row) => ({
        id: row.id,
        name: row.name,
        createdAt: row.created_at,
        expiresAt: row.expires_at ?? undefined,
        revokedAt: row.revoked_at ?? undefined,
        lastUsedAt: row.last_used_at ?? undefined,
      }));
      return { entries: records, next };
    },

    async revoke(id) {
      await store.write(async (transaction) => {
        const row = await transaction
          .selectFrom("api_token")
          .select(["name", "revoked_at"])
          .where("id", "=", id)
          .executeTakeFirst();
        if (!row)
          throw depotError(
            "api_token_unknown",
            `there is no API token with the ID ${id}`,
            "List them: portcullis api-token list",
          );
        if (row.revoked_at !== null) return;
        await transaction.updateTable("api_token").set({ revoked_at: time() }).where("id", "=", id).execute();
        await recordChange(transaction, { action: "api_token_revoked", subject: row.name, detail: id });
      });
    },

    async find(token) {
      if (!tokenForm.test(token)) return undefined;
      const row = await db
        .selectFrom("api_token")
        .selectAll()
        .where("token_hash", "=", hashOf(token))
        .executeTakeFirst();
      if (!row || row.revoked_at !== null || (row.expires_at !== null && !(now() < row.expires_at))) return undefined;
      const { id, name } = row;
      if (time() - (row.last_used_at ?? 0) >= minute) {
        await db.updateTable("api_token").set({ last_used_at: time() }).where("id", "=", id).execute();
      }
      return { id, name };
    },
  };
}

/** The secret is random, so a plain hash cannot be reversed by trying. */
function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
