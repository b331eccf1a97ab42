import type { Database } from "./schema.ts";

/** The value of a setting of the depot itself; `undefined` if it was never written. */
export async function readSetting(db: Database, name: string): Promise<string | undefined> {
  const row = await db.selectFrom("setting").select("value").where("name", "=", name).executeTakeFirst();
  return row?.value;
}

/** Writes a setting, or replaces its value. */
export async function writeSetting(db: Database, name: string, value: string): Promise<void> {
  await db
    .insertInto("setting")
    .values({ name, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
}

/** Deletes a setting, if it was written. */
export async function deleteSetting(db: Database, name: string): Promise<void> {
  await db.deleteFrom("setting").where("name", "=", name).execute();
}
