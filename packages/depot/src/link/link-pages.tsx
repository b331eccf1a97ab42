/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import { installLink } from "@portcullis/issuer";
import type { Hono } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AdminContext, AdminEnvironment } from "../admin/admin-environment.ts";
import type { AdminParts } from "../admin/admin-parts.ts";
import { Badge, FormToken, formatSize, NextPage, Notice, Page, sendPage, Time } from "../admin/page.tsx";
import { sentences } from "../admin/sentences.ts";
import { isDepotError } from "../depot-error.ts";
import type { ItemRecord } from "../item/item-records.ts";
import type { ReceiptRecord } from "../receipt/receipts.ts";
import type { Page as ListPage } from "../store/page.ts";
import { LinkState, LinkTable } from "./link-table.tsx";
import { installPageUrl, manifestUrl } from "./link-urls.ts";
import type { LinkRecord } from "./links.ts";
import { mdmCommands } from "./mdm-commands.ts";
import { QrCode } from "./qr-code.tsx";

const perPage = 50;

/** Adds the pages of links: all of them, a new one, and one with its receipts. */
export function addLinkPages(app: Hono<AdminEnvironment>, parts: AdminParts): void {
  app.get("/links", async (context) => {
    const { links } = parts.changesOf(context.var.actor);
    const list = await links.list({ limit: perPage, after: context.req.query("after") });
    return sendPage(context, <LinksPage list={list} now={parts.now()} formToken={context.var.session.formToken} />);
  });

  app.post("/links", async (context) => {
    const { items, links } = parts.changesOf(context.var.actor);
    const body = await context.req.parseBody();
    const text = (name: string): string => (typeof body[name] === "string" ? body[name].trim() : "");
    const item = await items.find(text("item"));
    const { formToken } = context.var.session;
    const [channel, recipient, days] = [text("channel"), text("recipient"), text("days")];
    try {
      const created = await links.create({
        item: item.id,
        channel,
        recipient,
        days: days === "" ? undefined : Number(days),
      });
      const props = { ...created, item, recipient, publicUrl: parts.publicUrl, formToken };
      return sendPage(context, <NewLinkPage {...props} />);
    } catch (error) {
      if (!isDepotError(error)) throw error;
      return sendPage(context, <RefusedLinkPage item={item} problem={sentences(error)} formToken={formToken} />, 400);
    }
  });

  async function show(context: AdminContext, id: string, notice?: string): Promise<Response> {
    const link = await parts.changesOf(context.var.actor).links.get(id);
    const receipts = await parts.receipts.list(id, { limit: perPage, after: context.req.query("after") });
    const { formToken } = context.var.session;
    return sendPage(context, <LinkPage {...{ link, receipts, formToken, notice }} now={parts.now()} />);
  }

  app.get("/links/:id", (context) =>
    show(context, context.req.param("id"), context.req.query("done") === "revoked" ? revokedNotice : undefined),
  );

  app.post("/links/:id/revoke", async (context) => {
    const id = context.req.param("id");
    await parts.changesOf(context.var.actor).links.revoke(id);
    return context.redirect(`/links/${id}?done=revoked`, 303);
  });
}

const revokedNotice = "The link is revoked. A token that it led to before works until it expires.";

interface LinksPageProps {
  readonly list: ListPage<LinkRecord>;
  readonly now: number;
  readonly formToken: string;
}

function LinksPage({ list: { entries, next }, now, formToken }: LinksPageProps): JSX.Element {
  return (
    <Page title="Links" section="/links" formToken={formToken}>
      <section class="card" aria-label="All links">
        {entries.length === 0 ? (
          <p class="empty">
            There are no links yet. <a href="/items">Choose an app</a> and create one.
          </p>
        ) : (
          <LinkTable links={entries} now={now} hasTitles />
        )}
        <NextPage href="/links?after=" next={next} />
      </section>
    </Page>
  );
}

interface NewLinkPageProps {
  readonly id: string;
  readonly secret: string;
  readonly expiresAt: number | undefined;
  readonly item: ItemRecord;
  readonly recipient: string;
  readonly publicUrl: string;
  readonly formToken: string;
}

function NewLinkPage({ id, secret, expiresAt, item, recipient, publicUrl, formToken }: NewLinkPageProps): JSX.Element {
  const manifest = manifestUrl(publicUrl, secret);
  const page = installPageUrl(publicUrl, secret);
  const isApp = item.kind === "ipa";
  return (
    <Page title={`Link to ${item.title}`} section="/links" formToken={formToken}>
      <Notice kind="done">
        The link for {recipient} works{" "}
        {expiresAt === undefined ? (
          "until it is revoked"
        ) : (
          <>
            until <Time at={expiresAt} />
          </>
        )}
        . It is shown only now: the depot stores a hash of it.
      </Notice>
      {isApp && (
        <section class="card" aria-labelledby="person">
          <h2 id="person">For a person</h2>
          <div class="with-qr">
            <QrCode text={page} label="QR code of the page that installs the app" />
            <div>
              <p>
                Scan this with the iPhone or iPad, or send the address of the page. It has a button that installs the
                app.
              </p>
              <code class="secret" id="page-url">
                {page}
              </code>
              <p class="hint">
                Without the page: <a href={installLink(manifest)}>install on this device</a>
              </p>
            </div>
          </div>
        </section>
      )}
      <section class="card" aria-labelledby="mdm">
        <h2 id="mdm">For an MDM</h2>
        <p>The URL of the manifest, which is written for each request: it must not be cached.</p>
        <code class="secret" id="manifest-url">
          {manifest}
        </code>
        <h3>Ready-made commands</h3>
        {mdmCommands({ kind: item.kind, bundleIdentifier: item.bundleIdentifier, manifestUrl: manifest }).map(
          ({ name, how, text }) => (
            <details>
              <summary>{name}</summary>
              <p class="hint">{how}</p>
              <pre tabindex={0}>{text}</pre>
            </details>
          ),
        )}
      </section>
      <p>
        <a href={`/links/${id}`}>This link and its receipts</a>
      </p>
    </Page>
  );
}

interface RefusedLinkPageProps {
  readonly item: ItemRecord;
  readonly problem: string;
  readonly formToken: string;
}

function RefusedLinkPage({ item, problem, formToken }: RefusedLinkPageProps): JSX.Element {
  return (
    <Page title="No link was created" section="/items" formToken={formToken}>
      <Notice kind="problem">{problem}</Notice>
      <p>
        <a href={`/items/${item.id}`}>Back to {item.title}</a>
      </p>
    </Page>
  );
}

interface LinkPageProps {
  readonly link: LinkRecord;
  readonly receipts: ListPage<ReceiptRecord>;
  readonly now: number;
  readonly formToken: string;
  readonly notice: string | undefined;
}

function LinkPage({ link, receipts, now, formToken, notice }: LinkPageProps): JSX.Element {
  const { id, title, itemId, channel, recipient, createdAt, expiresAt, revokedAt, lastUsedAt } = link;
  const works = revokedAt === undefined && (expiresAt === undefined || now < expiresAt);
  return (
    <Page title={`Link for ${recipient}`} section="/links" formToken={formToken}>
      {notice !== undefined && <Notice kind="done">{notice}</Notice>}
      <section class="card" aria-label="The link">
        <dl class="facts">
          <dt>App</dt>
          <dd>
            <a href={`/items/${itemId}`}>{title}</a>, channel {channel}
          </dd>
          <dt>State</dt>
          <dd>
            <LinkState link={link} now={now} />
          </dd>
          <dt>Created</dt>
          <dd>
            <Time at={createdAt} />
          </dd>
          {revokedAt !== undefined && (
            <>
              <dt>Revoked</dt>
              <dd>
                <Time at={revokedAt} />
              </dd>
            </>
          )}
          <dt>Last used</dt>
          <dd>{lastUsedAt === undefined ? "never" : <Time at={lastUsedAt} />}</dd>
          <dt>ID</dt>
          <dd>
            <code>{id}</code>
          </dd>
        </dl>
        {works && (
          <form class="below" method="post" action={`/links/${id}/revoke`}>
            <FormToken formToken={formToken} />
            <button class="danger" type="submit">
              Revoke the link
            </button>
          </form>
        )}
      </section>
      <section class="card" aria-labelledby="receipts">
        <h2 id="receipts">Receipts</h2>
        {receipts.entries.length === 0 ? (
          <p class="faint">Nobody has fetched a manifest with this link.</p>
        ) : (
          <ReceiptTable receipts={receipts.entries} />
        )}
        <NextPage href={`/links/${id}?after=`} next={receipts.next} />
      </section>
    </Page>
  );
}

function ReceiptTable({ receipts }: { readonly receipts: readonly ReceiptRecord[] }): JSX.Element {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Manifest</th>
          <th scope="col">Version</th>
          <th scope="col">Client</th>
          <th scope="col">Address</th>
          <th scope="col">Download</th>
        </tr>
      </thead>
      <tbody>
        {receipts.map((receipt) => (
          <tr>
            <td data-label="Manifest">
              <Time at={receipt.manifestAt} />
            </td>
            <td data-label="Version">{receipt.bundleVersion}</td>
            <td data-label="Client">{receipt.client}</td>
            <td data-label="Address">{receipt.address}</td>
            <td data-label="Download">
              <Outcome receipt={receipt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What became of a manifest. */
function Outcome({
  receipt: { headAt, getAt, bytes, size, completedAt },
}: {
  readonly receipt: ReceiptRecord;
}): JSX.Element {
  if (completedAt !== undefined) return <Badge kind="good">complete</Badge>;
  if (getAt !== undefined) {
    return (
      <Badge kind="warn">
        incomplete, {formatSize(bytes)} of {formatSize(size)}
      </Badge>
    );
  }
  return <Badge kind="off">{headAt === undefined ? "not asked for" : "asked for by HEAD only"}</Badge>;
}
