/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";

/** What a table shows for each of its rows. */
export interface Column<Row> {
  /** On a narrow page, it is in front of each cell. */
  readonly name: string;
  /**
   * `heading`: what a row is called; `text`: needs no name in front of it; `number`: aligned at the right; `action`: a
   * form, whose name is for screen readers only.
   */
  readonly kind?: "heading" | "text" | "number" | "action" | undefined;
  readonly cell: (row: Row) => Child;
}

/** A table that becomes a list of its rows on a narrow page. */
export function Table<Row>({
  columns,
  rows,
}: {
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
}): JSX.Element {
  return (
    <table>
      <thead>
        <tr>
          {columns.map(({ name, kind }) => (
            <th scope="col" class={kind === "number" ? "number" : undefined}>
              {kind === "action" ? <span class="unseen">{name}</span> : name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr>
            {columns.map(({ name, kind, cell }) => {
              if (kind === "heading") return <th scope="row">{cell(row)}</th>;
              if (kind === "text") return <td>{cell(row)}</td>;
              if (kind === "action") return <td class="number">{cell(row)}</td>;
              return (
                <td data-label={name} class={kind}>
                  {cell(row)}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
