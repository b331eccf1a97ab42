import { type RawBuilder, sql } from "kysely";

/** The condition that one of these columns contains this text, ignoring case. */
export function contains(columns: readonly string[], text: string): RawBuilder<boolean> {
  const pattern = `%${text.replace(/[\\%_]/g, "\\$&")}%`;
  const like = (column: string) => {
    const reference = sql.ref(column);
    // SQLite ignores the case of ASCII letters only: others are found only as they are written.
    return sql`${reference} like ${pattern} escape '\\' or lower(${reference}) like ${pattern.toLowerCase()} escape '\\'`;
  };
  return sql<boolean>`(${sql.join(columns.map(like), sql` or `)})`;
}
