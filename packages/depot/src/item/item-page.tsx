/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { Hono } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AdminContext, AdminEnvironment } from "../admin/admin-environment.ts";
import type { AdminParts, Changes } from "../admin/admin-parts.ts";
import type { FormProblem } from "../admin/field.tsx";
import { ItemIcon, Notice, Page, sendPage } from "../admin/page.tsx";
import { sentences } from "../admin/sentences.ts";
import type { RespondToForm } from "../admin/work-page.tsx";
import { type DepotErrorCode, isDepotError } from "../depot-error.ts";
import type { HostingCheck } from "../hosting/hosting-changes.ts";
import { type HostingOptions, hostingOptions, isAboutAddress, readHostingChoice } from "../hosting/hosting-field.tsx";
import type { SentHosting } from "../hosting/hosting-forms.tsx";
import type { LinkRecord } from "../link/links.ts";
import { LinksCard, type SentLink } from "../link/links-card.tsx";
import type { Page as ListPage } from "../store/page.ts";
import { ChannelsCard } from "./channels-card.tsx";
import type { ItemRecord, VersionRecord } from "./item-records.ts";
import { PublishForms } from "./publish-forms.tsx";
import { VersionsCard } from "./versions-card.tsx";

const versionsPerPage = 20;
const linksShown = 20;

/** The outcome of a form on the page. */
export interface ItemPageState {
  readonly problem?: FormProblem | undefined;
  readonly sentLink?: SentLink | undefined;
  readonly sentHosting?: SentHosting | undefined;
  /** Replaces the outcome that the address gives. */
  readonly done?: string | undefined;
  readonly fileProblems?: ReadonlyMap<string, string> | undefined;
}

/** Responds with the page of an item. */
export type ShowItem = (context: AdminContext, id: string, state?: ItemPageState) => Promise<Response>;

/** Adds the page of one app: its channels, links and versions. */
export function addItemPage(app: Hono<AdminEnvironment>, parts: AdminParts, respondToForm: RespondToForm): ShowItem {
  const hosting = hostingOptions(parts.places);

  const show: ShowItem = async (context, id, state = {}) => {
    const { items, links } = parts.changesOf(context.var.actor);
    const item = await items.find(id);
    const after = context.req.query("after");
    const versions = await items.versions(id, { limit: versionsPerPage, after });
    const latest = await links.list({ item: id, limit: linksShown });
    const { formToken } = context.var.session;
    const done = state.done ?? context.req.query("done");
    const props = { ...state, item, versions, after, links: latest, hosting, formToken, now: parts.now(), done };
    return sendPage(context, <ItemPage {...props} />, state.problem === undefined ? 200 : 400);
  };

  /** Makes one change, and shows the page with its outcome. */
  function onChange<Form extends object>(
    action: string,
    read: (text: (name: string) => string) => Form,
    change: (changes: Changes, id: string, form: Form) => Promise<string>,
    refused: (code: DepotErrorCode, form: Form) => Omit<ItemPageState, "problem"> & { readonly field?: string },
  ): void {
    app.post(`/items/:id/${action}`, async (context) => {
      const id = context.req.param("id");
      const body = await context.req.parseBody();
      const form = read((name) => (typeof body[name] === "string" ? body[name].trim() : ""));
      return respondToForm(context, {
        begin: () => change(parts.changesOf(context.var.actor), id, form),
        done: (later, done) => later.redirect(`/items/${id}?done=${done}`, 303),
        failed(later, error) {
          if (!isDepotError(error) || error.code === "item_unknown") throw error;
          const { field, ...state } = refused(error.code, form);
          return show(later, id, { ...state, problem: { field, text: sentences(error) } });
        },
      });
    });
  }

  app.get("/items/:id", (context) => show(context, context.req.param("id")));
  onChange(
    "promote",
    (text) => ({ from: text("from"), to: text("to") }),
    async ({ items }, id, channels) => {
      await items.promote(id, channels);
      return "changed";
    },
    (code) => ({ field: code === "channel_invalid" ? "to" : "from" }),
  );
  onChange(
    "roll-back",
    (text) => ({ channel: text("channel") }),
    async ({ items }, id, { channel }) => {
      await items.rollBack(id, channel);
      return "rolled-back";
    },
    () => ({}),
  );
  onChange(
    "choose",
    (text) => ({ channel: text("channel"), version: text("version") }),
    async ({ items }, id, { channel, version }) => {
      await items.choose(id, channel, version);
      return "changed";
    },
    () => ({}),
  );
  onChange(
    "host",
    (text): SentHosting => ({ version: text("version"), hosting: text("hosting"), url: text("url") }),
    async ({ hosting }, id, { version, hosting: to, url }) => {
      const moved = await hosting.change(id, readHostingChoice(to, url), version === "" ? undefined : version);
      return moved.length === 0 ? "not-moved" : "moved";
    },
    (code, sentHosting) => ({ sentHosting, field: hostingFieldOf(code, sentHosting) }),
  );
  app.post("/items/:id/check", (context) => {
    const id = context.req.param("id");
    return respondToForm(context, {
      begin: () => parts.changesOf(context.var.actor).hosting.check(id),
      done: (later, checks) => showChecked(later, id, checks),
      failed(_later, error) {
        throw error;
      },
    });
  });

  function showChecked(context: AdminContext, id: string, checks: readonly HostingCheck[]): Promise<Response> {
    const fileProblems = new Map(
      checks.flatMap(({ versionId, problem }) => (problem === undefined ? [] : [[versionId, problem] as const])),
    );
    if (fileProblems.size === 0) return show(context, id, { done: "checked" });
    const text = `${fileProblems.size} of ${checks.length} files cannot be downloaded: see Versions`;
    return show(context, id, { fileProblems, problem: { text: `${text}.` } });
  }
  return show;
}

/** The field that an error of the form that moves files concerns. */
function hostingFieldOf(code: DepotErrorCode, { hosting }: SentHosting): string {
  if (code === "version_unknown") return "moved-version";
  return hosting === "web-server" && isAboutAddress(code) ? "moved-url" : "moved-to";
}

const notices: Readonly<Record<string, string>> = {
  published: "The version was published.",
  changed: "The channel was changed.",
  "rolled-back": "The channel was rolled back. Devices that already have the newer version keep it.",
  moved: "The files were moved. Links stay the same.",
  "not-moved": "The files are already there, so nothing was moved.",
  checked: "Every file can be downloaded from its location.",
};

interface ItemPageProps extends Omit<ItemPageState, "done"> {
  readonly item: ItemRecord;
  readonly versions: ListPage<VersionRecord>;
  readonly after: string | undefined;
  readonly links: ListPage<LinkRecord>;
  readonly hosting: HostingOptions;
  readonly formToken: string;
  readonly now: number;
  readonly done: string | undefined;
}

function ItemPage(props: ItemPageProps): JSX.Element {
  const { item, versions, links, hosting, formToken, now, done = "", problem } = props;
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
  const forms = { item, formToken, problem };
  return (
    <Page title={title} heading={heading} section="/items" formToken={formToken} hasUpload>
      {problem !== undefined && <Notice kind="problem">Nothing was changed. {problem.text}</Notice>}
      {problem === undefined && notice !== undefined && <Notice kind="done">{notice}</Notice>}
      <ChannelsCard {...forms} />
      <LinksCard
        {...forms}
        links={links.entries}
        hasMore={links.next !== undefined}
        now={now}
        sentLink={props.sentLink}
      />
      <VersionsCard
        {...forms}
        versions={versions}
        after={props.after}
        hosting={hosting}
        sentHosting={props.sentHosting}
        fileProblems={props.fileProblems ?? new Map()}
      />
      <section class="card" aria-labelledby="publish">
        <h2 id="publish">Publish a new version</h2>
        <PublishForms formToken={formToken} hosting={hosting} channels={channels.map(({ name }) => name)} />
      </section>
    </Page>
  );
}
