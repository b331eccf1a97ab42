import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { depotError } from "../depot-error.ts";
import type { Schema, Store } from "./schema.ts";

/** How long to wait for a connection and for a statement, in milliseconds; clients of the depot wait just as long. */
const longestWait = 5000;
/**
 * How long the server waits for another writer, in milliseconds: less than its client does, so that the transaction ends
 * and leaves no statement behind on its connection.
 */
const longestWaitForWriter = 4000;
/**
 * How long a writer's transaction can be idle, in milliseconds. A depot that is paused in the middle of one, or whose
 * computer is gone, would otherwise keep all others from writing.
 */
const longestPause = 30_000;
const mostConnections = 10;
/**
 * Allows one writer at a time, as in SQLite, among all depots of this database. It can be any number that nothing else
 * there uses.
 */
const writeLock = 7_067_855_418;

/** Connects to a PostgreSQL database. No message contains its name or password. */
export async function openPostgres(url: string): Promise<Store> {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) {
    throw depotError(
      "database_url_invalid",
      "the URL of the database must begin with postgres://",
      "For example: postgres://portcullis@db.example/portcullis, and the password in PGPASSWORD",
    );
  }
  const pool = new pg.Pool({
    connectionString: url,
    max: mostConnections,
    connectionTimeoutMillis: longestWait,
    query_timeout: longestWait,
    types: {
      getTypeParser: (type, format) =>
        (type === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(type, format)) as never,
    },
  });
  // The server was stopped. A statement in progress fails by itself, and the next one opens a new connection; without
  // listeners, both of these would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  try {
    await sql`select 1`.execute(db);
  } catch (error) {
    await db.destroy();
    const { message, code } = error as NodeJS.ErrnoException;
    throw depotError(
      "database_unavailable",
      `the database cannot be used: ${message || code}`,
      "Check its URL and whether it is running",
    );
  }
  return {
    db,
    write: (work) =>
      db.transaction().execute(async (transaction) => {
        // For this transaction only: a pooler in front of the server can give its session to others.
        const [wait, pause] = [longestWaitForWriter, longestPause].map((limit) => sql.lit(String(limit)));
        await sql`select set_config('lock_timeout', ${wait}, true), set_config('idle_in_transaction_session_timeout', ${pause}, true)`.execute(
          transaction,
        );
        await sql`select pg_advisory_xact_lock(${sql.lit(writeLock)})`.execute(transaction);
        return work(transaction);
      }),
    close: () => db.destroy(),
  };
}
