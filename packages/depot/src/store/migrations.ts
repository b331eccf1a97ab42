import { type Kysely, sql } from "kysely";

/** One step from a version of the schema to the next; runs in a transaction. */
export type Migration = (db: Kysely<unknown>) => Promise<void>;

/**
 * All steps, oldest first. A step that has been released is never changed: databases exist that have run it.
 *
 * They use only types and clauses that both SQLite and PostgreSQL have.
 */
export const migrations: readonly Migration[] = [
  createTables,
  addChannelHistory,
  addPages,
  addAdministration,
  addApiTokens,
  addProfiles,
  addIcons,
  addHosting,
  addNumbers,
  addBearerTokens,
];

async function createTables(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema
    .createTable("configuration")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("display_name", "text", (column) => column.notNull())
    .addColumn("sealed_key", "text", (column) => column.notNull())
    .addColumn("token_expiry", "integer", (column) => column.notNull())
    .addColumn("enabled", "integer", (column) => column.notNull())
    .addColumn("revision", "integer", (column) => column.notNull())
    .execute();
  await schema
    .createTable("verification_key")
    .addColumn("key_id", "text", (column) => column.primaryKey())
    .addColumn("pem", "text", (column) => column.notNull())
    .addColumn("accepted_until", "bigint")
    .execute();
  await schema
    .createTable("item")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("bundle_identifier", "text", (column) => column.notNull())
    .addColumn("title", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addUniqueConstraint("item_unique", ["bundle_identifier", "kind"])
    .execute();
  await schema
    .createTable("version")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("item_id", "text", (column) => column.notNull().references("item.id"))
    .addColumn("sha256", "text", (column) => column.notNull().unique())
    .addColumn("file_name", "text", (column) => column.notNull())
    .addColumn("metadata", "text", (column) => column.notNull())
    .addColumn("hashes", "text", (column) => column.notNull())
    .addColumn("size", "bigint", (column) => column.notNull())
    .addColumn("published_at", "bigint", (column) => column.notNull())
    .execute();
  await schema.createIndex("version_item").on("version").columns(["item_id", "published_at"]).execute();
  await schema
    .createTable("channel")
    .addColumn("item_id", "text", (column) => column.notNull().references("item.id"))
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("version_id", "text", (column) => column.notNull().references("version.id"))
    .addColumn("changed_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("channel_key", ["item_id", "name"])
    .execute();
  await schema
    .createTable("link")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("secret_hash", "text", (column) => column.notNull().unique())
    .addColumn("item_id", "text", (column) => column.notNull().references("item.id"))
    .addColumn("channel", "text", (column) => column.notNull())
    .addColumn("recipient", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("expires_at", "bigint")
    .addColumn("revoked_at", "bigint")
    .execute();
  await schema
    .createTable("receipt")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("link_id", "text", (column) => column.notNull().references("link.id"))
    .addColumn("version_id", "text", (column) => column.notNull().references("version.id"))
    .addColumn("manifest_at", "bigint", (column) => column.notNull())
    .addColumn("client", "text", (column) => column.notNull())
    .addColumn("address", "text")
    .addColumn("head_at", "bigint")
    .addColumn("get_at", "bigint")
    .addColumn("bytes", "bigint", (column) => column.notNull())
    .addColumn("reached", "bigint", (column) => column.notNull())
    .addColumn("completed_at", "bigint")
    .execute();
  await schema.createIndex("receipt_link").on("receipt").columns(["link_id", "manifest_at"]).execute();
  await schema
    .createTable("setting")
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("value", "text", (column) => column.notNull())
    .execute();
}

async function addChannelHistory(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema.alterTable("version").addColumn("warnings", "text").execute();
  await schema
    .createTable("channel_change")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("item_id", "text", (column) => column.notNull().references("item.id"))
    .addColumn("channel", "text", (column) => column.notNull())
    .addColumn("version_id", "text", (column) => column.notNull().references("version.id"))
    .addColumn("previous_id", "text", (column) => column.references("channel_change.id"))
    .addColumn("changed_at", "bigint", (column) => column.notNull())
    .execute();
  await schema.alterTable("channel").addColumn("change_id", "text").execute();
  // What the channels lead to now is the beginning of their history.
  await sql`insert into channel_change (id, item_id, channel, version_id, changed_at)
    select item_id || ' ' || name, item_id, name, version_id, changed_at from channel`.execute(db);
  await sql`update channel set change_id = item_id || ' ' || name`.execute(db);
}

/** What is needed to read lists page by page, and to remove receipts. */
async function addPages({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable("link").addColumn("last_used_at", "bigint").execute();
  await schema.createIndex("item_title").on("item").columns(["title", "id"]).execute();
  await schema.createIndex("link_created").on("link").columns(["created_at", "id"]).execute();
  await schema.createIndex("link_item").on("link").columns(["item_id", "created_at", "id"]).execute();
  await schema.createIndex("receipt_age").on("receipt").column("manifest_at").execute();
}

async function addAdministration({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable("administrator")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("password_hash", "text", (column) => column.notNull())
    .addColumn("changed_at", "bigint", (column) => column.notNull())
    .execute();
  await schema
    .createTable("setup_link")
    .addColumn("secret_hash", "text", (column) => column.primaryKey())
    .addColumn("expires_at", "bigint", (column) => column.notNull())
    .execute();
  await schema
    .createTable("session")
    .addColumn("token_hash", "text", (column) => column.primaryKey())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("expires_at", "bigint", (column) => column.notNull())
    .execute();
  await schema
    .createTable("audit")
    .addColumn("number", "integer", (column) => column.primaryKey())
    .addColumn("changed_at", "bigint", (column) => column.notNull())
    .addColumn("actor", "text", (column) => column.notNull())
    .addColumn("address", "text")
    .addColumn("action", "text", (column) => column.notNull())
    .addColumn("subject", "text", (column) => column.notNull())
    .addColumn("detail", "text")
    .execute();
}

async function addApiTokens({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable("api_token")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("token_hash", "text", (column) => column.notNull().unique())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("expires_at", "bigint")
    .addColumn("revoked_at", "bigint")
    .addColumn("last_used_at", "bigint")
    .execute();
}

async function addProfiles({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable("version").addColumn("profile_expires_at", "bigint").execute();
}

async function addIcons({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable("icon")
    .addColumn("sha256", "text", (column) => column.primaryKey())
    .addColumn("png", "text", (column) => column.notNull())
    .execute();
  for (const table of ["item", "version"])
    await schema
      .alterTable(table)
      .addColumn("icon", "text", (column) => column.references("icon.sha256"))
      .execute();
}

async function addHosting({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .alterTable("version")
    .addColumn("hosting", "text", (column) => column.notNull().defaultTo("data-folder"))
    .execute();
  await schema
    .alterTable("version")
    .addColumn("hosted_at", "bigint", (column) => column.notNull().defaultTo(0))
    .execute();
  await schema.alterTable("version").addColumn("address", "text").execute();
  await schema.alterTable("version").addColumn("validator", "text").execute();
  await schema
    .createTable("file_part")
    .addColumn("sha256", "text", (column) => column.notNull())
    .addColumn("number", "integer", (column) => column.notNull())
    // SQLite stores bytes as bytes in a column of any type.
    .addColumn("bytes", "bytea", (column) => column.notNull())
    .addPrimaryKeyConstraint("file_part_key", ["sha256", "number"])
    .execute();
}

/** The order in which rows were added: several can have the same second. */
async function addNumbers(db: Kysely<unknown>): Promise<void> {
  for (const [table, time] of [
    ["version", "published_at"],
    ["link", "created_at"],
    ["api_token", "created_at"],
  ] as const) {
    await db.schema
      .alterTable(table)
      .addColumn("number", "bigint", (column) => column.notNull().defaultTo(0))
      .execute();
    await sql`update ${sql.table(table)} set number = ranked.number
      from (select id, row_number() over (order by ${sql.ref(time)}, id) as number from ${sql.table(table)}) as ranked
      where ranked.id = ${sql.table(table)}.id`.execute(db);
    await db.schema.createIndex(`${table}_number`).unique().on(table).column("number").execute();
  }
  for (const table of ["version", "link"]) {
    await db.schema.dropIndex(`${table}_item`).execute();
    await db.schema.createIndex(`${table}_item`).on(table).columns(["item_id", "number"]).execute();
  }
  await db.schema.dropIndex("link_created").execute();
}

async function addBearerTokens({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable("bearer_token")
    .addColumn("token_hash", "text", (column) => column.primaryKey())
    .addColumn("signed_in_at", "bigint", (column) => column.notNull())
    .addColumn("expires_at", "bigint", (column) => column.notNull())
    .execute();
}
