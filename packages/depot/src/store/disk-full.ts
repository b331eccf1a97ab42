/**
 * The codes of the file system, of SQLite, and of PostgreSQL
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
const codes: readonly unknown[] = ["ENOSPC", "EDQUOT", "SQLITE_FULL", "53100"];

/** Whether something could not be stored because there is no room for it. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code);
}
