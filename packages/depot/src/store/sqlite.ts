import { chmodSync, closeSync, openSync } from "node:fs";
import { Kysely, SqliteDialect, sql } from "kysely";
import Libsql from "libsql";
import type { Schema, Store } from "./schema.ts";

/** How long a process waits for another one that is writing, in milliseconds. */
const longestWait = 5000;

/** Opens an SQLite database, and creates it if it is missing. */
export function openSqlite(file: string): Store {
  createPrivateFile(file);
  const sqlite = new Libsql(file, { timeout: longestWait });
  // Writers in other processes do not block readers, and vice versa.
  sqlite.pragma("journal_mode = WAL");
  sqlite.pragma("foreign_keys = ON");
  // Losing a receipt in a power failure is better than flushing to disk for each manifest: see `write`.
  sqlite.pragma("synchronous = NORMAL");
  // In KiB if negative. The default of 2 MB makes lists over a large database read their pages again and again.
  sqlite.pragma("cache_size = -65536");
  const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: keepingStatements(sqlite) as never }) });
  for (const suffix of ["-wal", "-shm"]) chmodIfThere(`${file}${suffix}`);

  return {
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
          // It fails if SQLite has rolled back by itself, as it does when the disk is full.
          await sql`rollback`.execute(connection).catch(() => {});
          throw error;
        } finally {
          await sql`pragma synchronous = NORMAL`.execute(connection);
        }
      }),
    close: () => db.destroy(),
  };
}

/** More than the number of statements with fixed text; lists of varying length add others. */
const mostStatements = 200;

/** The database with a cache of prepared statements: preparing a small one takes longer than running it. */
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

/** SQLite creates them with the mode of the database, but older ones might have another mode. */
function chmodIfThere(file: string): void {
  try {
    chmodSync(file, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
