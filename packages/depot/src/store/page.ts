import { depotError } from "../depot-error.ts";

/** Which part of a list to read. */
export interface PageOptions {
  /** How many entries at most, 1 to 1000; default 100. */
  readonly limit?: number | undefined;
  /** The ID of the last entry of the previous page; if unset, the first page. */
  readonly after?: string | undefined;
}

/** A part of a list. */
export interface Page<Entry> {
  readonly entries: readonly Entry[];
  /** The {@link PageOptions.after} of the next page; undefined on the last page. */
  readonly next: string | undefined;
}

/** The default number of entries on a page. */
export const defaultPageSize = 100;
/** The maximum number of entries on a page. */
export const largestPage = 1000;

/**
 * Reads one page. An entry that is added in the meantime moves nothing: the page begins after an entry, not at a number.
 *
 * @param find - finds the entry that the page begins after, which must be in this list
 * @param read - reads at most this many rows, after that entry, in an order without ties
 */
export async function readPage<Position, Row extends { readonly id: string }>(
  { limit = defaultPageSize, after }: PageOptions,
  find: (id: string) => Promise<Position | undefined>,
  read: (limit: number, after: Position | undefined) => Promise<readonly Row[]>,
): Promise<Page<Row>> {
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= largestPage)) {
    throw depotError("page_invalid", `a page of a list has 1 to ${largestPage} entries`);
  }
  const position = after === undefined ? undefined : await find(after);
  if (after !== undefined && position === undefined) {
    throw depotError("page_invalid", "the list has no entry with this ID to continue after", "List it from the start");
  }
  // One more than requested shows whether there is another page.
  const rows = await read(limit + 1, position);
  const entries = rows.slice(0, limit);
  return { entries, next: rows.length > limit ? entries.at(-1)?.id : undefined };
}
