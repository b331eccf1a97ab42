import { type RawBuilder, sql } from "kysely";

/** The condition that one of these columns contains a text, whatever the case of its letters is. */
export function contains(columns: readonly string[], text: string): RawBuilder<boolean> {
  const pattern = `%${text.replace(/[\\%_]/g, "\\$&")}%`;
  const like = (column: string) => {
    const reference = sql.ref(column);
    // SQLite knows the case of ASCII letters only: others are found as they are written.
    return sql`${reference} like ${pattern} escape '\\' or lower(${reference}) like ${pattern.toLowerCase()} escape '\\'`;
  };
  return sql<boolean>`(${sql.join(columns.map(like), sql` or `)})`;
}
