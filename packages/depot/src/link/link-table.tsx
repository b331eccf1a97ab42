/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { JSX } from "hono/jsx/jsx-runtime";
import { Badge, Time } from "../admin/page.tsx";
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
    <table>
      <thead>
        <tr>
          <th scope="col">For</th>
          {hasTitles && <th scope="col">App</th>}
          <th scope="col">Channel</th>
          <th scope="col">State</th>
          <th scope="col">Last used</th>
        </tr>
      </thead>
      <tbody>
        {links.map((link) => (
          <tr>
            <th scope="row">
              <a href={`/links/${link.id}`}>{link.recipient}</a>
            </th>
            {hasTitles && <td data-label="App">{link.title}</td>}
            <td data-label="Channel">{link.channel}</td>
            <td data-label="State">
              <LinkState link={link} now={now} />
            </td>
            <td data-label="Last used">
              {link.lastUsedAt === undefined ? <span class="faint">never</span> : <Time at={link.lastUsedAt} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Whether a link works, and until when. */
export function LinkState({
  link: { revokedAt, expiresAt },
  now,
}: {
  readonly link: LinkRecord;
  readonly now: number;
}): JSX.Element {
  if (revokedAt !== undefined) return <Badge kind="bad">revoked</Badge>;
  if (expiresAt === undefined) return <Badge kind="good">works</Badge>;
  return now < expiresAt ? (
    <Badge kind="good">works until {new Date(expiresAt * 1000).toISOString().slice(0, 10)}</Badge>
  ) : (
    <Badge kind="off">expired</Badge>
  );
}
