/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { JSX } from "hono/jsx/jsx-runtime";
import { type FormProblem, SelectField, TextField } from "../admin/field.tsx";
import { FormToken } from "../admin/page.tsx";
import { ChannelOptions } from "../item/channels-card.tsx";
import type { ItemRecord } from "../item/item-records.ts";
import { LinkTable } from "./link-table.tsx";
import type { LinkRecord } from "./links.ts";

/** What the form contained when no link could be created. */
export interface SentLink {
  readonly recipient: string;
  readonly channel: string;
  readonly days: string;
}

interface LinksCardProps {
  readonly item: ItemRecord;
  /** The latest ones. */
  readonly links: readonly LinkRecord[];
  /** Whether there are more. */
  readonly hasMore: boolean;
  readonly formToken: string;
  /** Seconds since 1970. */
  readonly now: number;
  readonly sentLink: SentLink | undefined;
  readonly problem: FormProblem | undefined;
}

/** The links of an item, and the form that creates one. */
export function LinksCard(props: LinksCardProps): JSX.Element {
  const { item, links, hasMore, formToken, now, sentLink, problem } = props;
  const { recipient, channel, days } = sentLink ?? { recipient: "", channel: "release", days: "400" };
  return (
    <section class="card" aria-labelledby="links">
      <h2 id="links">Links</h2>
      {links.length === 0 ? (
        <p class="faint">
          No links yet. Create one for each person or device, so that you can revoke each one separately.
        </p>
      ) : (
        <LinkTable links={links} now={now} />
      )}
      {hasMore && (
        <p class="next">
          <a class="button second" href={`/links?item=${item.id}`}>
            All links to {item.title}
          </a>
        </p>
      )}
      <h3>Create a link</h3>
      <form class="inline" method="post" action="/links">
        <FormToken formToken={formToken} />
        <input type="hidden" name="item" value={item.id} />
        <TextField
          id="recipient"
          label="Person or device"
          value={recipient}
          required
          maxlength={200}
          placeholder="iPad 0117"
          problem={problem}
        />
        <SelectField id="link-channel" name="channel" label="Channel" problem={problem}>
          <ChannelOptions channels={item.channels} selected={channel} />
        </SelectField>
        <TextField
          id="days"
          label="Days (empty: no expiry)"
          type="number"
          min={1}
          max={36500}
          value={days}
          problem={problem}
        />
        <button type="submit">Create the link</button>
      </form>
    </section>
  );
}
