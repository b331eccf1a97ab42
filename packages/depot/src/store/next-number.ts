import type { Database } from "./schema.ts";

/** The tables whose rows have numbers in the order in which they were added. */
export type NumberedTable = "version" | "link" | "api_token" | "audit";

/** The number of the next row. Writes happen one at a time, so no other transaction takes the same number. */
export async function nextNumber(transaction: Database, table: NumberedTable): Promise<number> {
  const { last } = await transaction
    .selectFrom(table)
    .select(({ fn }) => fn.max("number").as("last"))
    .executeTakeFirstOrThrow();
  return Number(last ?? 0) + 1;
}
