/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { JSX } from "hono/jsx/jsx-runtime";
import { Pager } from "../admin/list-tools.tsx";
import { Badge, FormToken, formatSize } from "../admin/page.tsx";
import { Table } from "../admin/table.tsx";
import { Time } from "../admin/time.tsx";
import { hostingNames } from "../hosting/hosting-field.tsx";
import { HostingForms, type HostingFormsProps } from "../hosting/hosting-forms.tsx";
import type { Page } from "../store/page.ts";
import { ChannelOptions } from "./channels-card.tsx";
import { type ItemRecord, type VersionRecord, versionName } from "./item-records.ts";

interface VersionsCardProps extends Omit<HostingFormsProps, "versions" | "itemId"> {
  readonly item: ItemRecord;
  readonly versions: Page<VersionRecord>;
  /** The version that the list begins after. */
  readonly after: string | undefined;
  /** What is wrong with files that cannot be downloaded from their location, by the ID of the version. */
  readonly fileProblems: ReadonlyMap<string, string>;
}

/**
 * The versions of an item: what prevents each from being installed, where its file is, and which channels lead to it.
 */
export function VersionsCard({ item, versions, after, fileProblems, ...forms }: VersionsCardProps): JSX.Element {
  const { entries, next } = versions;
  const { formToken } = forms;
  return (
    <section class="card" aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      <Table
        rows={entries}
        columns={[
          {
            name: "Version",
            kind: "heading",
            cell: (version) => <VersionCell version={version} fileProblem={fileProblems.get(version.id)} />,
          },
          { name: "Published", cell: ({ publishedAt }) => <Time at={publishedAt} /> },
          { name: "Size", kind: "number", cell: ({ size }) => formatSize(size) },
          { name: "Hosting location", cell: (version) => <HostingCell version={version} /> },
          { name: "Channels", cell: ({ channels }) => <ChannelBadges channels={channels} /> },
          {
            name: "Change",
            kind: "action",
            cell: (version) => (
              <form class="inline" method="post" action={`/items/${item.id}/choose`}>
                <FormToken formToken={formToken} />
                <input type="hidden" name="version" value={version.id} />
                <select class="small" name="channel" aria-label={`Channel for ${versionName(version)}`}>
                  <ChannelOptions channels={item.channels} />
                </select>
                <button class="second small" type="submit" aria-label={`Set the channel to ${versionName(version)}`}>
                  Set
                </button>
              </form>
            ),
          },
        ]}
      />
      <Pager path={`/items/${item.id}`} after={after} next={next} />
      <HostingForms {...forms} itemId={item.id} versions={entries} />
    </section>
  );
}

function VersionCell({
  version,
  fileProblem,
}: {
  readonly version: VersionRecord;
  readonly fileProblem: string | undefined;
}): JSX.Element {
  return (
    <>
      {versionName(version)}
      {fileProblem !== undefined && <p class="error">{fileProblem}</p>}
      {version.warnings.map(({ message }) => (
        <p class="warning">{message}</p>
      ))}
    </>
  );
}

function HostingCell({ version: { hosting, address } }: { readonly version: VersionRecord }): JSX.Element {
  return (
    <span>
      {hostingNames[hosting]}
      {hosting === "web-server" && <span class="address">{address}</span>}
    </span>
  );
}

function ChannelBadges({ channels }: { readonly channels: readonly string[] }): JSX.Element {
  return (
    <span class="badges">
      {channels.map((name) => (
        <Badge kind="good">{name}</Badge>
      ))}
      {channels.length === 0 && <span class="faint">none</span>}
    </span>
  );
}
