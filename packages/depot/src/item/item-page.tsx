/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { Hono } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AdminContext, AdminEnvironment } from "../admin/admin-environment.ts";
import type { AdminParts } from "../admin/admin-parts.ts";
import { Badge, FormToken, formatSize, ItemIcon, NextPage, Notice, Page, sendPage, Time } from "../admin/page.tsx";
import { sentences } from "../admin/sentences.ts";
import { isDepotError } from "../depot-error.ts";
import { LinkTable } from "../link/link-table.tsx";
import type { LinkRecord } from "../link/links.ts";
import type { Page as ListPage } from "../store/page.ts";
import { type ChannelRecord, type ItemRecord, type VersionRecord, versionName } from "./item-records.ts";
import { UploadForm } from "./items-page.tsx";

const versionsPerPage = 20;
const linksShown = 20;

/** Adds the page of one app: its channels, versions and links. */
export function addItemPage(app: Hono<AdminEnvironment>, parts: AdminParts): void {
  async function show(context: AdminContext, id: string, problem?: string): Promise<Response> {
    const { items, links } = parts.changesOf(context.var.actor);
    const item = await items.find(id);
    const versions = await items.versions(id, { limit: versionsPerPage, after: context.req.query("after") });
    const { entries } = await links.list({ item: id, limit: linksShown });
    const { formToken } = context.var.session;
    const props = {
      item,
      versions,
      links: entries,
      formToken,
      now: parts.now(),
      problem,
      done: context.req.query("done"),
    };
    return sendPage(context, <ItemPage {...props} />, problem === undefined ? 200 : 400);
  }

  /** Makes one change, and shows the page with what came of it. */
  function onChange(
    action: string,
    done: string,
    change: (id: string, form: Form, context: AdminContext) => Promise<unknown>,
  ) {
    app.post(`/items/:id/${action}`, async (context) => {
      const id = context.req.param("id");
      const body = await context.req.parseBody();
      try {
        await change(id, (name) => (typeof body[name] === "string" ? body[name] : ""), context);
      } catch (error) {
        if (!isDepotError(error) || error.code === "item_unknown") throw error;
        return show(context, id, sentences(error));
      }
      return context.redirect(`/items/${id}?done=${done}`, 303);
    });
  }

  app.get("/items/:id", (context) => show(context, context.req.param("id")));
  onChange("promote", "changed", (id, form, { var: { actor } }) =>
    parts.changesOf(actor).items.promote(id, { from: form("from"), to: form("to") }),
  );
  onChange("roll-back", "rolled-back", (id, form, { var: { actor } }) =>
    parts.changesOf(actor).items.rollBack(id, form("channel")),
  );
  onChange("choose", "changed", (id, form, { var: { actor } }) =>
    parts.changesOf(actor).items.choose(id, form("channel"), form("version")),
  );
}

type Form = (name: string) => string;

const notices: Readonly<Record<string, string>> = {
  published: "The version was published.",
  changed: "The channel was changed.",
  "rolled-back": "The channel was rolled back. Devices that have the newer version are not told to remove it.",
};

interface ItemPageProps {
  readonly item: ItemRecord;
  readonly versions: ListPage<VersionRecord>;
  readonly links: readonly LinkRecord[];
  readonly formToken: string;
  readonly now: number;
  readonly problem: string | undefined;
  readonly done: string | undefined;
}

function ItemPage({ item, versions, links, formToken, now, problem, done = "" }: ItemPageProps): JSX.Element {
  const { id, title, bundleIdentifier, kind, icon, channels } = item;
  const notice = Object.hasOwn(notices, done) ? notices[done] : undefined;
  const heading = (
    <div class="heading">
      <ItemIcon {...{ id, title, kind, icon }} />
      <div>
        <h1>{title}</h1>
        <span class="faint">
          {bundleIdentifier}, {kind === "ipa" ? "app for iPhone and iPad" : "package for Mac"}
        </span>
      </div>
    </div>
  );
  return (
    <Page title={title} heading={heading} section="/items" formToken={formToken} hasUpload>
      {problem !== undefined && <Notice kind="problem">Nothing was changed. {problem}</Notice>}
      {problem === undefined && notice !== undefined && <Notice kind="done">{notice}</Notice>}
      <ChannelsCard item={item} formToken={formToken} />
      <section class="card" aria-labelledby="links">
        <h2 id="links">Links</h2>
        {links.length === 0 ? (
          <p class="faint">No links yet. Make one for each person or device, so that each can be revoked.</p>
        ) : (
          <LinkTable links={links} now={now} />
        )}
        {links.length === linksShown && (
          <p>
            <a href="/links">All links</a>
          </p>
        )}
        <h3>Create a link</h3>
        <form class="inline" method="post" action="/links">
          <FormToken formToken={formToken} />
          <input type="hidden" name="item" value={id} />
          <div class="field">
            <label for="recipient">Person or device</label>
            <input id="recipient" name="recipient" required maxlength={200} placeholder="iPad 0117" />
          </div>
          <div class="field">
            <label for="link-channel">Channel</label>
            <select id="link-channel" name="channel">
              <ChannelOptions channels={channels} selected="release" />
            </select>
          </div>
          <div class="field">
            <label for="days">Days, empty for no end</label>
            <input id="days" name="days" type="number" min={1} max={36500} value="400" />
          </div>
          <button type="submit">Create the link</button>
        </form>
      </section>
      <VersionsCard item={item} versions={versions} formToken={formToken} />
      <section class="card" aria-labelledby="upload">
        <h2 id="upload">Publish a new version</h2>
        <UploadForm formToken={formToken} channels={channels.map(({ name }) => name)} />
      </section>
    </Page>
  );
}

function ChannelsCard({
  item: { id, channels },
  formToken,
}: {
  readonly item: ItemRecord;
  readonly formToken: string;
}): JSX.Element {
  return (
    <section class="card" aria-labelledby="channels">
      <h2 id="channels">Channels</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Channel</th>
            <th scope="col">Its links install</th>
            <th scope="col">Since</th>
            <th scope="col">
              <span class="unseen">Change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {channels.map((channel) => (
            <tr>
              <th scope="row">{channel.name}</th>
              <td data-label="Installs">{versionName(channel)}</td>
              <td data-label="Since">
                <Time at={channel.changedAt} />
              </td>
              <td class="number">
                <form method="post" action={`/items/${id}/roll-back`}>
                  <FormToken formToken={formToken} />
                  <input type="hidden" name="channel" value={channel.name} />
                  <button class="second small" type="submit" aria-label={`Roll back ${channel.name}`}>
                    Roll back
                  </button>
                </form>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <h3>Promote</h3>
      <form class="inline" method="post" action={`/items/${id}/promote`}>
        <FormToken formToken={formToken} />
        <div class="field">
          <label for="from">The version of</label>
          <select id="from" name="from">
            <ChannelOptions channels={channels} selected="beta" />
          </select>
        </div>
        <div class="field">
          <label for="to">becomes that of</label>
          <input id="to" name="to" value="release" required pattern="[a-z0-9][a-z0-9\-]{0,31}" />
        </div>
        <button class="second" type="submit">
          Promote
        </button>
      </form>
    </section>
  );
}

interface VersionsCardProps {
  readonly item: ItemRecord;
  readonly versions: ListPage<VersionRecord>;
  readonly formToken: string;
}

function VersionsCard({ item, versions: { entries, next }, formToken }: VersionsCardProps): JSX.Element {
  return (
    <section class="card" aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">Published</th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col">Channels</th>
            <th scope="col">
              <span class="unseen">Change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((version) => (
            <tr>
              <th scope="row">
                {versionName(version)}
                {version.warnings.map(({ message }) => (
                  <p class="warning">{message}</p>
                ))}
              </th>
              <td data-label="Published">
                <Time at={version.publishedAt} />
              </td>
              <td data-label="Size" class="number">
                {formatSize(version.size)}
              </td>
              <td data-label="Channels">
                <span class="badges">
                  {version.channels.map((name) => (
                    <Badge kind="good">{name}</Badge>
                  ))}
                  {version.channels.length === 0 && <span class="faint">none</span>}
                </span>
              </td>
              <td class="number">
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
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <NextPage href={`/items/${item.id}?after=`} next={next} />
    </section>
  );
}

interface ChannelOptionsProps {
  readonly channels: readonly ChannelRecord[];
  readonly selected?: string;
}

function ChannelOptions({ channels, selected }: ChannelOptionsProps): JSX.Element {
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
