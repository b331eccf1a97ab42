/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { Hono } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AdminEnvironment } from "../admin/admin-environment.ts";
import type { AdminParts } from "../admin/admin-parts.ts";
import { Pager } from "../admin/list-tools.tsx";
import { Badge, FormToken, formatSize, Notice, Page, sendPage } from "../admin/page.tsx";
import { Table } from "../admin/table.tsx";
import { LastUsed, Time } from "../admin/time.tsx";
import { isValid, Validity } from "../admin/validity.tsx";
import type { ReceiptRecord } from "../receipt/receipts.ts";
import type { Page as ListPage } from "../store/page.ts";
import type { LinkRecord } from "./links.ts";

const perPage = 50;

/** Adds the page of one link, with its receipts. */
export function addLinkPage(app: Hono<AdminEnvironment>, parts: AdminParts): void {
  app.get("/links/:id", async (context) => {
    const {
      req,
      var: { actor, session },
    } = context;
    const id = req.param("id");
    const link = await parts.changesOf(actor).links.get(id);
    const after = req.query("after");
    const receipts = await parts.receipts.list(id, { limit: perPage, after });
    const notice = req.query("done") === "revoked" ? revokedNotice : undefined;
    const { formToken } = session;
    return sendPage(context, <LinkPage {...{ link, receipts, after, formToken, notice }} now={parts.now()} />);
  });

  app.post("/links/:id/revoke", async (context) => {
    const id = context.req.param("id");
    await parts.changesOf(context.var.actor).links.revoke(id);
    return context.redirect(`/links/${id}?done=revoked`, 303);
  });
}

const revokedNotice = "The link is revoked. Tokens that were issued through it stay valid until they expire.";

interface LinkPageProps {
  readonly link: LinkRecord;
  readonly receipts: ListPage<ReceiptRecord>;
  readonly after: string | undefined;
  readonly now: number;
  readonly formToken: string;
  readonly notice: string | undefined;
}

function LinkPage({ link, receipts, after, now, formToken, notice }: LinkPageProps): JSX.Element {
  const { id, title, itemId, channel, recipient, createdAt, revokedAt, lastUsedAt } = link;
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
            <Validity {...link} now={now} />
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
          <dd>
            <LastUsed at={lastUsedAt} />
          </dd>
          <dt>ID</dt>
          <dd>
            <code>{id}</code>
          </dd>
        </dl>
        {isValid({ ...link, now }) && (
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
          <p class="faint">No device has fetched a manifest through this link.</p>
        ) : (
          <ReceiptTable receipts={receipts.entries} />
        )}
        <Pager path={`/links/${id}`} after={after} next={receipts.next} />
      </section>
    </Page>
  );
}

function ReceiptTable({ receipts }: { readonly receipts: readonly ReceiptRecord[] }): JSX.Element {
  return (
    <Table
      rows={receipts}
      columns={[
        { name: "Manifest", cell: ({ manifestAt }) => <Time at={manifestAt} /> },
        { name: "Version", cell: ({ bundleVersion }) => bundleVersion },
        { name: "Client", cell: ({ client }) => client },
        { name: "Address", cell: ({ address }) => address },
        { name: "Download", cell: (receipt) => <Outcome receipt={receipt} /> },
      ]}
    />
  );
}

/** What the device did with a manifest. */
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
  return <Badge kind="off">{headAt === undefined ? "not requested" : "requested with HEAD only"}</Badge>;
}
