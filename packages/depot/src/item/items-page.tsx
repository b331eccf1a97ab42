/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import { isIssuerError } from "@portcullis/issuer";
import type { Hono } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AdminContext, AdminEnvironment } from "../admin/admin-environment.ts";
import type { AdminParts } from "../admin/admin-parts.ts";
import type { FormProblem } from "../admin/field.tsx";
import { Pager, readSearch, SearchForm } from "../admin/list-tools.tsx";
import { Badge, ItemIcon, Notice, Page, sendPage } from "../admin/page.tsx";
import { sentences } from "../admin/sentences.ts";
import type { RespondToForm } from "../admin/work-page.tsx";
import { type DepotErrorCode, depotError, isDepotError } from "../depot-error.ts";
import { databaseLimit } from "../hosting/file-parts.ts";
import {
  type HostingOptions,
  hostingOptions,
  readHostedSource,
  readStoringHosting,
} from "../hosting/hosting-field.tsx";
import type { Page as ListPage } from "../store/page.ts";
import { checkChannel } from "./channel.ts";
import { type ItemRecord, versionName } from "./item-records.ts";
import type { PublishedVersion } from "./publish.ts";
import { hostedPath, PublishForms, publishPath, type SentForm, uploadPath, uploadsPath } from "./publish-forms.tsx";
import { receiveUpload, type SizeLimit, type Upload } from "./receive-upload.ts";

/** Whether requests to a path send a file, which is larger than a form and is not read into memory. */
export function isUpload(path: string): boolean {
  return path === uploadPath || path === uploadsPath || path.startsWith(`${uploadsPath}/`);
}

const perPage = 50;

/** How the forms are handled. */
export interface ItemsPageOptions {
  /** The largest file that can be uploaded, in bytes. */
  readonly largestUpload: number;
  readonly respondToForm: RespondToForm;
}

/** Adds the list of all apps and packages, and the forms that publish new ones. */
export function addItemsPage(
  app: Hono<AdminEnvironment>,
  parts: AdminParts,
  { largestUpload, respondToForm }: ItemsPageOptions,
): void {
  const hosting = hostingOptions(parts.places);

  async function show(context: AdminContext, problem?: FormProblem, sent?: SentForm): Promise<Response> {
    const { items } = parts.changesOf(context.var.actor);
    const search = readSearch(context.req.query("search"));
    const after = context.req.query("after");
    const list = await items.list({ limit: perPage, after, search });
    const { formToken } = context.var.session;
    const props = { list, search, after, formToken, hosting, problem, sent };
    return sendPage(context, <ItemsPage {...props} />, problem === undefined ? 200 : 400);
  }

  app.get("/items", (context) => show(context));

  app.post(uploadPath, async (context) => {
    const { session, actor } = context.var;
    const { publish } = parts.changesOf(actor);
    let sent: SentForm | undefined;
    const check = (fields: ReadonlyMap<string, string>): SizeLimit | undefined => {
      if (fields.get("form_token") !== session.formToken)
        throw depotError("upload_failed", "the form is from another session", "Reload the page and send it again");
      sent = sentForm((name) => fields.get(name) ?? "");
      checkChannel(sent.channel);
      return readStoringHosting(sent.hosting) === "database" ? databaseLimit : undefined;
    };
    let upload: Upload;
    try {
      const { incoming } = parts.places;
      upload = await receiveUpload(context.req.raw, { incoming, maxSize: largestUpload, check });
    } catch (error) {
      return showRefused(context, error, sent, "file");
    }
    const { file, fields, remove } = upload;
    const form = sentForm((name) => fields.get(name) ?? "");
    return showPublished(context, form, async () => {
      try {
        return await publish(file, { channel: form.channel, hosting: readStoringHosting(form.hosting) });
      } finally {
        await remove();
      }
    });
  });

  const handlePart = (context: AdminContext): Promise<Response> | Response => {
    if (context.req.header("X-Form-Token") === context.var.session.formToken)
      return parts.uploads.handle(context.req.raw);
    return context.text("The page is from another session: reload it.\n", 403);
  };
  app.all(uploadsPath, handlePart);
  app.all(`${uploadsPath}/:id`, handlePart);

  app.post(publishPath, async (context) => {
    const text = textOf(await context.req.parseBody());
    const sent = sentForm(text);
    return showPublished(context, sent, async () => {
      const hosting = readStoringHosting(sent.hosting);
      const upload = { id: text("upload"), fileName: text("file_name"), channel: sent.channel, hosting };
      return parts.uploads.publish(upload, context.var.actor);
    });
  });

  app.post(hostedPath, async (context) => {
    const sent = sentForm(textOf(await context.req.parseBody()));
    const { publishHosted } = parts.changesOf(context.var.actor);
    const publish = () => publishHosted(readHostedSource(sent.address), { channel: sent.channel });
    return showPublished(context, sent, publish, "address");
  });

  /** Publishes, and responds with the page of the item, or with this page and what is wrong. */
  function showPublished(
    context: AdminContext,
    sent: SentForm,
    begin: () => Promise<PublishedVersion>,
    fileField: FileField = "file",
  ): Promise<Response> {
    return respondToForm(context, {
      begin,
      done: (later, { itemId }) => later.redirect(`/items/${itemId}?done=published`, 303),
      failed: (later, error) => showRefused(later, error, sent, fileField),
    });
  }

  function showRefused(
    context: AdminContext,
    error: unknown,
    sent: SentForm | undefined,
    fileField: FileField,
  ): Promise<Response> {
    if (isDepotError(error))
      return show(context, { field: fieldOf(error.code, fileField), text: sentences(error) }, sent);
    if (isIssuerError(error)) return show(context, { field: fileField, text: error.message }, sent);
    throw error;
  }
}

function textOf(body: Readonly<Record<string, unknown>>): (name: string) => string {
  return (name) => (typeof body[name] === "string" ? body[name] : "");
}

function sentForm(text: (name: string) => string): SentForm {
  return { channel: text("channel"), hosting: text("hosting"), address: text("address").trim() };
}

/** The field that names the file, in one form or the other. */
type FileField = "file" | "address";

/** The field that an error concerns, in one form or the other. */
function fieldOf(code: DepotErrorCode, fileField: FileField): string {
  if (code === "channel_invalid") return fileField === "address" ? "hosted-channel" : "channel";
  if (fileField === "address") return "address";
  return code === "hosting_impossible" ? "hosting" : "file";
}

interface ItemsPageProps {
  readonly list: ListPage<ItemRecord>;
  readonly search: string | undefined;
  readonly after: string | undefined;
  readonly formToken: string;
  readonly hosting: HostingOptions;
  readonly problem: FormProblem | undefined;
  readonly sent: SentForm | undefined;
}

function ItemsPage({ list: { entries, next }, search, after, problem, ...forms }: ItemsPageProps): JSX.Element {
  return (
    <Page title="Apps and packages" section="/items" formToken={forms.formToken} hasUpload>
      {problem !== undefined && <Notice kind="problem">Nothing was published. {problem.text}</Notice>}
      <section class="card" aria-label="Published">
        {(next !== undefined || after !== undefined || search !== undefined) && (
          <SearchForm path="/items" label="Title or identifier" search={search} />
        )}
        {entries.length === 0 && (
          <p class="empty">
            {search === undefined
              ? "Nothing has been published yet. Publish an app below."
              : `No app or package matches “${search}”.`}
          </p>
        )}
        <ul class="list" hidden={entries.length === 0}>
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
        <Pager path="/items" query={{ search }} after={after} next={next} />
      </section>
      <section class="card" aria-labelledby="publish">
        <h2 id="publish">Publish an app or a package</h2>
        <PublishForms {...forms} problem={problem} />
      </section>
    </Page>
  );
}
