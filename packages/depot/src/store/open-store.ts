import { chmodSync, closeSync, openSync } from "node:fs";
import { Kysely, SqliteDialect, sql } from "kysely";
import Libsql from "libsql";
import { depotError } from "../depot-error.ts";
import { type Migration, migrations } from "./migrations.ts";
import type { Database, Schema } from "./schema.ts";

/** The open database. */
export interface Store {
  /** For reading, and for a single statement that changes something. */
  readonly db: Database;
  /** Runs several statements as one change: all of them or none, and durable when it resolves. */
  write<Result>(work: (transaction: Database) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** How long a process waits for another one that is writing, in milliseconds. */
const longestWait = 5000;

/** Opens an SQLite database, creates it if it is missing, and brings its schema up to date. */
export async function openStore(file: string): Promise<Store> {
  createPrivateFile(file);
  const sqlite = new Libsql(file, { timeout: longestWait });
  // Writers in other processes do not block readers, and the other way round.
  sqlite.pragma("journal_mode = WAL");
  sqlite.pragma("foreign_keys = ON");
  // A receipt that a power failure takes away is worth less than a disk flush for each manifest: see `write`.
  sqlite.pragma("synchronous = NORMAL");
  // In KiB if negative. The default of 2 MB makes lists over a large database read their pages again and again.
  sqlite.pragma("cache_size = -65536");
  const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: keepingStatements(sqlite) as never }) });
  for (const suffix of ["-wal", "-shm"]) chmodIfThere(`${file}${suffix}`);

  const store: Store = {
    db,
    write: (work) =>
      db.connection().execute(async (connection) => {
        await sql`pragma synchronous = FULL`.execute(connection);
        // IMMEDIATE: a transaction that begins by reading cannot become a writer if another process has written since.
        await sql`begin immediate`.execute(connection);
        try {
          const result = await work(connection);
          await sql`commit`.execute(connection);
          return result;
        } catch (error) {
          await sql`rollback`.execute(connection);
          throw error;
        } finally {
          await sql`pragma synchronous = NORMAL`.execute(connection);
        }
      }),
    close: () => db.destroy(),
  };
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
        `The database has version ${version} of the schema, and this program knows ${steps.length}`,
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

/** More than there are different statements of fixed text; lists of any length make others. */
const mostStatements = 200;

/** The database with its prepared statements kept: preparing takes longer than running a small one. */
function keepingStatements(sqlite: InstanceType<typeof Libsql>) {
  const statements = new Map<string, ReturnType<typeof sqlite.prepare>>();
  return {
    prepare(text: string) {
      let statement = statements.get(text);
      if (statement) return statement;
      statement = sqlite.prepare(text);
      if (statements.size >= mostStatements) statements.clear();
      statements.set(text, statement);
      return statement;
    },
    close() {
      statements.clear();
      sqlite.close();
    },
  };
}

/**
 * Creates the database here, because SQLite would let other users read it. One that exists is not opened: closing any
 * descriptor of it drops this process's locks on it (https://www.sqlite.org/howtocorrupt.html, section 2.2), and another
 * process would then delete the log under an open connection.
 */
function createPrivateFile(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** SQLite gives them the mode of the database, which an older one may not have. */
function chmodIfThere(file: string): void {
  try {
    chmodSync(file, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
