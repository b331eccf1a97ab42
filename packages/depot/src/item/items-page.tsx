/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import { isIssuerError } from "@portcullis/issuer";
import type { Hono } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AdminContext, AdminEnvironment } from "../admin/admin-environment.ts";
import type { AdminParts } from "../admin/admin-parts.ts";
import { Badge, FormToken, ItemIcon, NextPage, Notice, Page, sendPage } from "../admin/page.tsx";
import { sentences } from "../admin/sentences.ts";
import { depotError, isDepotError } from "../depot-error.ts";
import type { Page as ListPage } from "../store/page.ts";
import { type ItemRecord, versionName } from "./item-records.ts";
import type { PublishedVersion } from "./publish.ts";
import { receiveUpload } from "./receive-upload.ts";

/** Where the form sends a file by itself. */
const uploadPath = "/items/upload";
/** Where its script sends a file in parts, by the protocol tus. */
const uploadsPath = "/items/uploads";
/** Where its script has a complete upload published. */
const publishPath = "/items/publish";

/** Whether what is sent to a path is a file, which is larger than a form and not read into memory. */
export function isUpload(path: string): boolean {
  return path === uploadPath || path === uploadsPath || path.startsWith(`${uploadsPath}/`);
}

const perPage = 50;

/** Adds the list of all apps and packages, and the upload of new ones. */
export function addItemsPage(app: Hono<AdminEnvironment>, parts: AdminParts, maxUpload: number): void {
  async function show(context: AdminContext, problem?: string): Promise<Response> {
    const { items } = parts.changesOf(context.var.actor);
    const list = await items.list({ limit: perPage, after: context.req.query("after") });
    const { formToken } = context.var.session;
    return sendPage(
      context,
      <ItemsPage list={list} formToken={formToken} problem={problem} />,
      problem === undefined ? 200 : 400,
    );
  }

  app.get("/items", (context) => show(context));

  app.post(uploadPath, async (context) => {
    const { session, actor } = context.var;
    const { publish } = parts.changesOf(actor);
    const check = (fields: ReadonlyMap<string, string>): void => {
      if (fields.get("form_token") !== session.formToken)
        throw depotError("upload_failed", "the form is from another session", "Reload the page and send it again");
    };
    return showPublished(context, () =>
      receiveUpload(
        context.req.raw,
        { incoming: parts.places.incoming, maxSize: maxUpload, check },
        ({ file, fields }) => publish(file, { channel: fields.get("channel") ?? "" }),
      ).catch((error) => {
        // The rest of the request is not read.
        context.header("Connection", "close");
        throw error;
      }),
    );
  });

  const handlePart = (context: AdminContext): Promise<Response> | Response => {
    if (context.req.header("X-Form-Token") === context.var.session.formToken)
      return parts.uploads.handle(context.req.raw);
    return context.text("The page is from another session: reload it.\n", 403);
  };
  app.all(uploadsPath, handlePart);
  app.all(`${uploadsPath}/:id`, handlePart);

  app.post(publishPath, async (context) => {
    const body = await context.req.parseBody();
    const text = (name: string): string => (typeof body[name] === "string" ? body[name] : "");
    const upload = { id: text("upload"), fileName: text("file_name"), channel: text("channel") };
    return showPublished(context, () => parts.uploads.publish(upload, context.var.actor));
  });

  /** Publishes, and responds with the page of the item, or with this one and what is wrong. */
  async function showPublished(context: AdminContext, publish: () => Promise<PublishedVersion>): Promise<Response> {
    try {
      const { itemId } = await publish();
      return context.redirect(`/items/${itemId}?done=published`, 303);
    } catch (error) {
      if (isDepotError(error)) return show(context, sentences(error));
      if (isIssuerError(error)) return show(context, error.message);
      throw error;
    }
  }
}

/** The form that uploads a file; the channel is that of a new item, or one of those that the item has. */
export function UploadForm({
  formToken,
  channels = [],
}: {
  readonly formToken: string;
  readonly channels?: readonly string[];
}): JSX.Element {
  return (
    <form
      method="post"
      action={uploadPath}
      enctype="multipart/form-data"
      data-uploads={uploadsPath}
      data-publish={publishPath}
    >
      <FormToken formToken={formToken} />
      <div data-fields>
        <div class="columns">
          <div class="field">
            <label for="file">App or package</label>
            <input id="file" name="file" type="file" accept=".ipa,.pkg" required aria-describedby="file-hint" />
            <p class="hint" id="file-hint">
              An .ipa for iPhone and iPad, or a .pkg for Mac.
            </p>
          </div>
          <div class="field">
            <label for="channel">Channel</label>
            <input
              id="channel"
              name="channel"
              value="release"
              list="channels"
              required
              pattern="[a-z0-9][a-z0-9\-]{0,31}"
              aria-describedby="channel-hint"
            />
            <datalist id="channels">
              {[...new Set(["release", "beta", ...channels])].map((name) => (
                <option value={name} />
              ))}
            </datalist>
            <p class="hint" id="channel-hint">
              Links of this channel lead to it from now on.
            </p>
          </div>
        </div>
        <button type="submit">Upload and publish</button>
      </div>
      <div class="upload" data-progress hidden>
        <p class="name" data-name id="upload-name" />
        <progress max={1} aria-labelledby="upload-name" />
        <p class="faint" data-amount />
        <div class="actions">
          <button type="button" data-again hidden>
            Continue
          </button>
          <button class="second" type="button" data-cancel>
            Cancel
          </button>
        </div>
      </div>
      <p class="hint" role="status" data-state />
    </form>
  );
}

interface ItemsPageProps {
  readonly list: ListPage<ItemRecord>;
  readonly formToken: string;
  readonly problem: string | undefined;
}

function ItemsPage({ list: { entries, next }, formToken, problem }: ItemsPageProps): JSX.Element {
  return (
    <Page title="Apps and packages" section="/items" formToken={formToken} hasUpload>
      {problem !== undefined && <Notice kind="problem">Nothing was published. {problem}</Notice>}
      <section class="card" aria-label="Published">
        {entries.length === 0 && <p class="empty">Nothing is published yet. Upload an app below.</p>}
        <ul class="list">
          {entries.map(({ id, title, bundleIdentifier, kind, icon, channels }) => (
            <li>
              <a href={`/items/${id}`}>
                <ItemIcon {...{ id, title, kind, icon }} />
                <span class="what">
                  <span class="name">{title}</span>
                  <br />
                  <span class="faint">
                    {bundleIdentifier}
                    {kind === "pkg" && ", package for Mac"}
                  </span>
                </span>
                <span class="badges">
                  {channels.map((channel) => (
                    <Badge>
                      {channel.name} {versionName(channel)}
                    </Badge>
                  ))}
                </span>
              </a>
            </li>
          ))}
        </ul>
        <NextPage href="/items?after=" next={next} />
      </section>
      <section class="card" aria-labelledby="upload">
        <h2 id="upload">Publish an app or a package</h2>
        <UploadForm formToken={formToken} />
      </section>
    </Page>
  );
}
