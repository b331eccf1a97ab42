/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { Hono } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AdminContext, AdminEnvironment } from "../admin/admin-environment.ts";
import type { AdminParts } from "../admin/admin-parts.ts";
import { type FormProblem, TextField } from "../admin/field.tsx";
import { Pager } from "../admin/list-tools.tsx";
import { FormToken, Notice, Page, sendPage } from "../admin/page.tsx";
import { sentences } from "../admin/sentences.ts";
import { Table } from "../admin/table.tsx";
import { LastUsed } from "../admin/time.tsx";
import { isValid, Validity } from "../admin/validity.tsx";
import type { ApiTokenRecord } from "../api-token/api-tokens.ts";
import { isDepotError } from "../depot-error.ts";
import type { Page as ListPage } from "../store/page.ts";
import { NewPassword, passwordsDiffer, type SessionCookie, tooManyAttempts, UserName } from "./sign-in-pages.tsx";

const perPage = 50;

/** Adds the page on which the administrator changes the password, and creates and revokes API tokens. */
export function addAccountPage(app: Hono<AdminEnvironment>, parts: AdminParts, cookie: SessionCookie): void {
  async function show(
    context: AdminContext,
    state: Pick<AccountPageProps, "problem" | "token" | "sent"> = {},
    status: 200 | 400 | 401 | 429 = state.problem === undefined ? 200 : 400,
  ): Promise<Response> {
    const { apiTokens } = parts.changesOf(context.var.actor);
    const after = context.req.query("after");
    const tokens = await apiTokens.list({ limit: perPage, after });
    const { formToken } = context.var.session;
    const props = { ...state, tokens, after, formToken, now: parts.now(), done: context.req.query("done") };
    return sendPage(context, <AccountPage {...props} />, status);
  }

  app.get("/account", (context) => show(context));

  app.post("/account/password", async (context) => {
    const body = await context.req.parseBody();
    const text = (name: string): string => (typeof body[name] === "string" ? body[name] : "");
    if (text("password") !== text("repeated")) return show(context, { problem: passwordsDiffer });
    try {
      const { administrator } = parts;
      const result = await administrator.changePassword(text("current"), text("password"), context.env.address);
      if (result.outcome === "password_wrong")
        return show(context, { problem: { field: "current", text: "This is not the current password." } }, 401);
      if (result.outcome === "too_many_attempts") {
        context.header("Retry-After", String(result.retryAfter));
        return show(context, { problem: { field: "current", text: tooManyAttempts(result.retryAfter) } }, 429);
      }
      cookie.set(context, result.session);
      return context.redirect("/account?done=password", 303);
    } catch (error) {
      if (!isDepotError(error)) throw error;
      return show(context, { problem: { field: "password", text: sentences(error) } });
    }
  });

  app.post("/account/tokens", async (context) => {
    const body = await context.req.parseBody();
    const text = (name: string): string => (typeof body[name] === "string" ? body[name].trim() : "");
    const sent = { name: text("name"), days: text("days") };
    try {
      const days = sent.days === "" ? undefined : Number(sent.days);
      const { token } = await parts.changesOf(context.var.actor).apiTokens.create({ name: sent.name, days });
      return show(context, { token });
    } catch (error) {
      if (!isDepotError(error)) throw error;
      const field = error.code === "days_invalid" ? "days" : "name";
      return show(context, { sent, problem: { field, text: sentences(error) } });
    }
  });

  app.post("/account/tokens/:id/revoke", async (context) => {
    await parts.changesOf(context.var.actor).apiTokens.revoke(context.req.param("id"));
    return context.redirect("/account?done=revoked", 303);
  });
}

const notices: Readonly<Record<string, string>> = {
  password: "The password was changed. All other sessions have ended.",
  revoked: "The API token is revoked.",
};

interface AccountPageProps {
  readonly tokens: ListPage<ApiTokenRecord>;
  readonly after: string | undefined;
  readonly formToken: string;
  readonly now: number;
  readonly problem?: FormProblem | undefined;
  /** What the form for a token contained when none could be created. */
  readonly sent?: { readonly name: string; readonly days: string } | undefined;
  /** A token that was created by this request. */
  readonly token?: string | undefined;
  readonly done: string | undefined;
}

function AccountPage({
  tokens,
  after,
  formToken,
  now,
  problem,
  sent,
  token,
  done = "",
}: AccountPageProps): JSX.Element {
  const notice = Object.hasOwn(notices, done) ? notices[done] : undefined;
  return (
    <Page title="Account" section="/account" formToken={formToken}>
      {problem !== undefined && <Notice kind="problem">Nothing was changed. {problem.text}</Notice>}
      {problem === undefined && notice !== undefined && <Notice kind="done">{notice}</Notice>}
      {token !== undefined && (
        <section class="card" aria-labelledby="new-token">
          <Notice kind="done">
            The token was created. Copy it now: the depot stores only its hash, and cannot show it again.
          </Notice>
          <h2 id="new-token">New API token</h2>
          <code class="secret" id="token">
            {token}
          </code>
          <p class="hint">Store it as a secret in the CI system, and pass it to the job as PORTCULLIS_API_TOKEN.</p>
        </section>
      )}
      <section class="card" aria-labelledby="tokens">
        <h2 id="tokens">API tokens</h2>
        <p>A job with a token can publish to every channel, and create links.</p>
        {tokens.entries.length > 0 && <TokenTable tokens={tokens.entries} now={now} formToken={formToken} />}
        <Pager path="/account" after={after} next={tokens.next} />
        <h3>Create a token</h3>
        <form class="inline" method="post" action="/account/tokens">
          <FormToken formToken={formToken} />
          <TextField
            id="name"
            label="For"
            value={sent?.name ?? ""}
            required
            maxlength={200}
            placeholder="Notes CI"
            problem={problem}
          />
          <TextField
            id="days"
            label="Days (empty: no expiry)"
            type="number"
            min={1}
            max={3650}
            value={sent?.days ?? "365"}
            problem={problem}
          />
          <button type="submit">Create the token</button>
        </form>
      </section>
      <section class="card" aria-labelledby="change-password">
        <h2 id="change-password">Change the password</h2>
        <form method="post" action="/account/password">
          <FormToken formToken={formToken} />
          <UserName />
          <TextField
            id="current"
            label="Current password"
            type="password"
            autocomplete="current-password"
            required
            problem={problem}
          />
          <NewPassword
            name="password"
            label="New password"
            hint="At least 12 characters. A few random words are easy to remember."
            problem={problem}
          />
          <NewPassword name="repeated" label="New password, again" problem={problem} />
          <button type="submit">Change the password</button>
        </form>
      </section>
    </Page>
  );
}

interface TokenTableProps {
  readonly tokens: readonly ApiTokenRecord[];
  readonly now: number;
  readonly formToken: string;
}

function TokenTable({ tokens, now, formToken }: TokenTableProps): JSX.Element {
  return (
    <Table
      rows={tokens}
      columns={[
        { name: "For", kind: "heading", cell: ({ name }) => name },
        { name: "State", cell: (token) => <Validity {...token} now={now} /> },
        { name: "Last used", cell: ({ lastUsedAt }) => <LastUsed at={lastUsedAt} /> },
        {
          name: "Change",
          kind: "action",
          cell: (token) => isValid({ ...token, now }) && <RevokeForm token={token} formToken={formToken} />,
        },
      ]}
    />
  );
}

interface RevokeFormProps {
  readonly token: ApiTokenRecord;
  readonly formToken: string;
}

function RevokeForm({ token: { id, name }, formToken }: RevokeFormProps): JSX.Element {
  return (
    <form method="post" action={`/account/tokens/${id}/revoke`}>
      <FormToken formToken={formToken} />
      <button class="second small" type="submit" aria-label={`Revoke the token for ${name}`}>
        Revoke
      </button>
    </form>
  );
}
