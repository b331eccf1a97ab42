import { type Kysely, sql } from "kysely";
import { depotError } from "../depot-error.ts";
import { type Migration, migrations } from "./migrations.ts";
import type { Store } from "./schema.ts";
import { openSqlite } from "./sqlite.ts";

export type { Store } from "./schema.ts";

/** Opens the database, an SQLite file or a PostgreSQL database with a URL, and brings its schema up to date. */
export async function openStore(place: { readonly file: string } | { readonly url: string }): Promise<Store> {
  // Loaded only if it is used: it takes a tenth of a second.
  const store =
    "file" in place ? openSqlite(place.file) : await (await import("./postgres.ts")).openPostgres(place.url);
  try {
    await migrate(store, migrations);
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

/** Runs the steps that this database has not run. Another process that starts at the same moment waits for the transaction. */
export async function migrate(store: Store, steps: readonly Migration[]): Promise<void> {
  await store.write(async (transaction) => {
    await sql`create table if not exists schema_version (version integer not null)`.execute(transaction);
    const { rows } = await sql<{ version: number }>`select version from schema_version`.execute(transaction);
    const [{ version } = { version: 0 }] = rows;
    if (version > steps.length) {
      throw depotError(
        "store_newer",
        `The database has version ${version} of the schema, but this program supports only ${steps.length}`,
        "Run a version of Portcullis that is at least as new as the last one that used this database",
      );
    }
    for (const step of steps.slice(version)) await step(transaction as Kysely<unknown>);
    if (rows.length === 0)
      await sql`insert into schema_version (version) values (${steps.length})`.execute(transaction);
    else if (version < steps.length)
      await sql`update schema_version set version = ${steps.length}`.execute(transaction);
  });
}
