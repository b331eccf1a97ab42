/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { Hono } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AdminEnvironment } from "../admin/admin-environment.ts";
import type { AdminParts } from "../admin/admin-parts.ts";
import { Pager, readSearch, SearchForm } from "../admin/list-tools.tsx";
import { Page, sendPage } from "../admin/page.tsx";
import type { ItemRecord } from "../item/item-records.ts";
import type { Page as ListPage } from "../store/page.ts";
import { LinkTable } from "./link-table.tsx";
import type { LinkRecord } from "./links.ts";

const perPage = 50;

/** Adds the list of all links, or of those of one item. */
export function addLinksPage(app: Hono<AdminEnvironment>, parts: AdminParts): void {
  app.get("/links", async (context) => {
    const { items, links } = parts.changesOf(context.var.actor);
    const name = context.req.query("item");
    const item = name === undefined ? undefined : await items.find(name);
    const search = readSearch(context.req.query("search"));
    const after = context.req.query("after");
    const list = await links.list({ item: item?.id, limit: perPage, after, search });
    const { formToken } = context.var.session;
    return sendPage(context, <LinksPage {...{ item, list, search, after, formToken }} now={parts.now()} />);
  });
}

interface LinksPageProps {
  readonly item: ItemRecord | undefined;
  readonly list: ListPage<LinkRecord>;
  readonly search: string | undefined;
  readonly after: string | undefined;
  readonly now: number;
  readonly formToken: string;
}

function LinksPage(props: LinksPageProps): JSX.Element {
  const { item, list, search, after, now, formToken } = props;
  const { entries, next } = list;
  const query = { item: item?.id };
  const title = item === undefined ? "Links" : `Links to ${item.title}`;
  return (
    <Page title={title} section="/links" formToken={formToken}>
      {item !== undefined && (
        <p>
          <a href={`/items/${item.id}`}>Back to {item.title}</a>
        </p>
      )}
      <section class="card" aria-label={title}>
        {(next !== undefined || after !== undefined || search !== undefined) && (
          <SearchForm path="/links" label="Person or device" search={search} query={query} />
        )}
        {entries.length > 0 && <LinkTable links={entries} now={now} hasTitles={item === undefined} />}
        {entries.length === 0 && search !== undefined && <p class="empty">No link matches “{search}”.</p>}
        {entries.length === 0 && search === undefined && (
          <p class="empty">
            There are no links yet. <a href="/items">Choose an app</a> and create one.
          </p>
        )}
        <Pager path="/links" query={{ ...query, search }} after={after} next={next} />
      </section>
    </Page>
  );
}
