/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { JSX } from "hono/jsx/jsx-runtime";
import { Table } from "../admin/table.tsx";
import { LastUsed } from "../admin/time.tsx";
import { Validity } from "../admin/validity.tsx";
import type { LinkRecord } from "./links.ts";

interface LinkTableProps {
  readonly links: readonly LinkRecord[];
  /** Seconds since 1970. */
  readonly now: number;
  /** Whether the table has links of several apps. */
  readonly hasTitles?: boolean;
}

/** Links, each with its state, and leading to its own page. */
export function LinkTable({ links, now, hasTitles = false }: LinkTableProps): JSX.Element {
  return (
    <Table
      rows={links}
      columns={[
        {
          name: "For",
          kind: "heading",
          cell: ({ id, recipient }) => <a href={`/links/${id}`}>{recipient}</a>,
        },
        ...(hasTitles ? [{ name: "App", cell: ({ title }: LinkRecord) => title }] : []),
        { name: "Channel", cell: ({ channel }) => channel },
        { name: "State", cell: (link) => <Validity {...link} now={now} /> },
        { name: "Last used", cell: ({ lastUsedAt }) => <LastUsed at={lastUsedAt} /> },
      ]}
    />
  );
}
