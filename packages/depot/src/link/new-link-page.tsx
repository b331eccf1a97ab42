/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import { installLink } from "@portcullis/issuer";
import type { Hono } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AdminEnvironment } from "../admin/admin-environment.ts";
import type { AdminParts } from "../admin/admin-parts.ts";
import { Notice, Page, sendPage } from "../admin/page.tsx";
import { sentences } from "../admin/sentences.ts";
import { Time } from "../admin/time.tsx";
import { type DepotErrorCode, isDepotError } from "../depot-error.ts";
import type { ShowItem } from "../item/item-page.tsx";
import type { ItemRecord } from "../item/item-records.ts";
import { installPageUrl, manifestUrl } from "./link-urls.ts";
import { mdmCommands } from "./mdm-commands.ts";
import { QrCode } from "./qr-code.tsx";

/** Adds the page that shows a link once, when it was created on the page of its item. */
export function addNewLinkPage(app: Hono<AdminEnvironment>, parts: AdminParts, showItem: ShowItem): void {
  app.post("/links", async (context) => {
    const { items, links } = parts.changesOf(context.var.actor);
    const body = await context.req.parseBody();
    const text = (name: string): string => (typeof body[name] === "string" ? body[name].trim() : "");
    const item = await items.find(text("item"));
    const { formToken } = context.var.session;
    const sentLink = { channel: text("channel"), recipient: text("recipient"), days: text("days") };
    const { channel, recipient, days } = sentLink;
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
      return showItem(context, item.id, { sentLink, problem: { field: fieldOf(error.code), text: sentences(error) } });
    }
  });
}

function fieldOf(code: DepotErrorCode): string {
  if (code === "recipient_invalid") return "recipient";
  return code === "days_invalid" ? "days" : "link-channel";
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
        . Copy it now: the depot stores only its hash, and cannot show it again.
      </Notice>
      {isApp && (
        <section class="card" aria-labelledby="person">
          <h2 id="person">For a person</h2>
          <div class="with-qr">
            <QrCode text={page} label="QR code of the page that installs the app" />
            <div>
              <p>
                Scan this with the iPhone or iPad, or send someone the address of the page, which has a button that
                installs the app.
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
        <p>The URL of the manifest. The manifest is created for each request and must not be cached.</p>
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
