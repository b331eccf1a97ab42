import { safeText } from "./safe-text.ts";
import type { Terminal } from "./terminal.ts";
import { wrapText } from "./wrap-text.ts";

/** A table as lines of text: columns aligned, and without control characters. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const safe = rows.map((row) => row.map(safeText));
  const widths = safe[0]?.map((_, column) => Math.max(...safe.map((row) => row[column]?.length ?? 0))) ?? [];
  return safe.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/**
 * A table with a head. In a terminal that is too narrow for it, which would break words, each row becomes a paragraph
 * with a line for each column.
 */
export function tableLines(
  [head = [], ...rows]: readonly (readonly string[])[],
  { isTerminal, width }: Pick<Terminal, "isTerminal" | "width">,
): string[] {
  const lines = alignColumns([head, ...rows]);
  if (!isTerminal || lines.every((line) => line.length <= width)) return lines;
  const nameWidth = Math.max(...head.map((name) => name.length)) + 2;
  const paragraphs = rows.map((row) =>
    row.flatMap((cell, column) => {
      if (cell === "") return [];
      const text = wrapText(safeText(cell), width, " ".repeat(nameWidth), nameWidth);
      return `${(head[column] ?? "").padEnd(nameWidth)}${text}`.split("\n");
    }),
  );
  return paragraphs.flatMap((paragraph, index) => (index === 0 ? paragraph : ["", ...paragraph]));
}

/** A moment in a table, in UTC: `2026-11-25 18:30`. */
export function tableTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}
