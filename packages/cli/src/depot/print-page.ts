import type { Page } from "@portcullis/depot";
import type { CommandContext } from "../command-line/context.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** How to print a page of a list. */
interface PagePrint<Entry> {
  /** The member of the JSON object that has the entries. */
  readonly name: string;
  readonly json: boolean;
  readonly table: (entries: readonly Entry[], out: Terminal) => readonly string[];
}

/** Prints one page of a list, and how to get the next one. */
export function printPage<Entry>(
  { entries, next }: Page<Entry>,
  { name, json, table }: PagePrint<Entry>,
  { out, err }: CommandContext,
): void {
  if (json) {
    out.json({ [name]: entries, ...(next !== undefined && { next }) });
    return;
  }
  for (const line of table(entries, out)) out.line(line);
  if (next !== undefined) err.line(err.colours.dim(`To see more, add --after ${next}`));
}
