import { safeText } from "./safe-text.ts";

/** A table as lines of text: columns aligned, with nothing in them that could control a terminal. */
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

/** A moment in a table, in UTC: `2026-11-25 18:30`. */
export function tableTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}
