/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { JSX } from "hono/jsx/jsx-runtime";
import { type FormProblem, SelectField } from "../admin/field.tsx";
import { FormToken } from "../admin/page.tsx";
import { Table } from "../admin/table.tsx";
import { Time } from "../admin/time.tsx";
import { ChannelField } from "./channel-field.tsx";
import { type ChannelRecord, type ItemRecord, versionName } from "./item-records.ts";

interface ChannelsCardProps {
  readonly item: ItemRecord;
  readonly formToken: string;
  readonly problem: FormProblem | undefined;
}

/** Which version each channel leads to, and the forms that change it. */
export function ChannelsCard({ item: { id, channels }, formToken, problem }: ChannelsCardProps): JSX.Element {
  return (
    <section class="card" aria-labelledby="channels">
      <h2 id="channels">Channels</h2>
      <Table
        rows={channels}
        columns={[
          { name: "Channel", kind: "heading", cell: ({ name }) => name },
          { name: "Links install", cell: versionName },
          { name: "Since", cell: ({ changedAt }) => <Time at={changedAt} /> },
          {
            name: "Change",
            kind: "action",
            cell: ({ name }) => (
              <form method="post" action={`/items/${id}/roll-back`}>
                <FormToken formToken={formToken} />
                <input type="hidden" name="channel" value={name} />
                <button class="second small" type="submit" aria-label={`Roll back ${name}`}>
                  Roll back
                </button>
              </form>
            ),
          },
        ]}
      />
      <h3>Promote</h3>
      <form class="inline" method="post" action={`/items/${id}/promote`}>
        <FormToken formToken={formToken} />
        <SelectField id="from" label="Use the version of the channel" problem={problem}>
          <ChannelOptions channels={channels} selected="beta" />
        </SelectField>
        <ChannelField
          id="to"
          name="to"
          label="for the channel"
          value="release"
          channels={channels.map(({ name }) => name)}
          problem={problem}
        />
        <button class="second" type="submit">
          Promote
        </button>
      </form>
    </section>
  );
}

interface ChannelOptionsProps {
  readonly channels: readonly ChannelRecord[];
  readonly selected?: string;
}

/** The channels of an item, for a `select`. */
export function ChannelOptions({ channels, selected }: ChannelOptionsProps): JSX.Element {
  return (
    <>
      {channels.map(({ name }) => (
        <option value={name} selected={name === selected}>
          {name}
        </option>
      ))}
    </>
  );
}
