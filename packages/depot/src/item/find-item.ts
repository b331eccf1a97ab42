import { depotError } from "../depot-error.ts";
import type { Database, ItemRow } from "../store/schema.ts";

/** Finds an item by its bundle identifier, or by its ID if an app and a package have the same identifier. */
export async function findItem(db: Database, name: string): Promise<ItemRow> {
  const found = await db
    .selectFrom("item")
    .selectAll()
    .where((is) => is.or([is("id", "=", name), is("bundle_identifier", "=", name)]))
    .execute();
  const [item, other] = found;
  if (!item) {
    const known = await db
      .selectFrom("item")
      .select("bundle_identifier")
      .orderBy("bundle_identifier")
      .limit(10)
      .execute();
    const names = [...new Set(known.map((one) => one.bundle_identifier))].join(", ");
    throw depotError(
      "item_unknown",
      `no app or package with the identifier ${name} has been published`,
      names === "" ? "Publish a file first" : `Published: ${names}`,
    );
  }
  if (other) {
    const ids = found.map(({ id, kind }) => `${id} (.${kind})`).join(", ");
    throw depotError(
      "item_ambiguous",
      `an app and a package have the identifier ${name}`,
      `Pass the ID of one: ${ids}`,
    );
  }
  return item;
}
