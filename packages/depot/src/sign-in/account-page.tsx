/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { Hono } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AdminContext, AdminEnvironment } from "../admin/admin-environment.ts";
import type { AdminParts } from "../admin/admin-parts.ts";
import { Badge, FormToken, NextPage, Notice, Page, sendPage, Time } from "../admin/page.tsx";
import { sentences } from "../admin/sentences.ts";
import type { ApiTokenRecord } from "../api-token/api-tokens.ts";
import { isDepotError } from "../depot-error.ts";
import type { Page as ListPage } from "../store/page.ts";
import { NewPassword, type SessionCookie, tooManyAttempts, UserName } from "./sign-in-pages.tsx";

const perPage = 50;

/** Adds the page on which the administrator changes the password, and creates and revokes API tokens. */
export function addAccountPage(app: Hono<AdminEnvironment>, parts: AdminParts, cookie: SessionCookie): void {
  async function show(
    context: AdminContext,
    { problem, token }: { readonly problem?: string; readonly token?: string } = {},
    status: 200 | 400 | 401 | 429 = problem === undefined ? 200 : 400,
  ): Promise<Response> {
    const { apiTokens } = parts.changesOf(context.var.actor);
    const tokens = await apiTokens.list({ limit: perPage, after: context.req.query("after") });
    const { formToken } = context.var.session;
    const props = { tokens, formToken, problem, token, now: parts.now(), done: context.req.query("done") };
    return sendPage(context, <AccountPage {...props} />, status);
  }

  app.get("/account", (context) => show(context));

  app.post("/account/password", async (context) => {
    const body = await context.req.parseBody();
    const text = (name: string): string => (typeof body[name] === "string" ? body[name] : "");
    if (text("password") !== text("repeated"))
      return show(context, { problem: "The password was not changed. The two new passwords differ." });
    try {
      const { administrator } = parts;
      const result = await administrator.changePassword(text("current"), text("password"), context.env.address);
      if (result.outcome === "password_wrong")
        return show(context, { problem: "The password was not changed. The current password is not right." }, 401);
      if (result.outcome === "too_many_attempts") {
        context.header("Retry-After", String(result.retryAfter));
        return show(context, { problem: tooManyAttempts(result.retryAfter) }, 429);
      }
      cookie.set(context, result.session);
      return context.redirect("/account?done=password", 303);
    } catch (error) {
      if (!isDepotError(error)) throw error;
      return show(context, { problem: `The password was not changed. ${sentences(error)}` });
    }
  });

  app.post("/account/tokens", async (context) => {
    const { name, days } = await context.req.parseBody();
    try {
      const { token } = await parts.changesOf(context.var.actor).apiTokens.create({
        name: String(name ?? "").trim(),
        days: typeof days === "string" && days !== "" ? Number(days) : undefined,
      });
      return show(context, { token });
    } catch (error) {
      if (!isDepotError(error)) throw error;
      return show(context, { problem: `No token was created. ${sentences(error)}` });
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
  readonly formToken: string;
  readonly now: number;
  readonly problem: string | undefined;
  /** A token that was created by this request. */
  readonly token: string | undefined;
  readonly done: string | undefined;
}

function AccountPage({ tokens, formToken, now, problem, token, done = "" }: AccountPageProps): JSX.Element {
  const notice = Object.hasOwn(notices, done) ? notices[done] : undefined;
  return (
    <Page title="Account" section="/account" formToken={formToken}>
      {problem !== undefined && <Notice kind="problem">{problem}</Notice>}
      {problem === undefined && notice !== undefined && <Notice kind="done">{notice}</Notice>}
      {token !== undefined && (
        <section class="card" aria-labelledby="new-token">
          <Notice kind="done">The token was created. It is shown only now: the depot stores a hash of it.</Notice>
          <h2 id="new-token">New API token</h2>
          <code class="secret" id="token">
            {token}
          </code>
          <p class="hint">Give it to the job as PORTCULLIS_API_TOKEN, in a secret of the CI system.</p>
        </section>
      )}
      <section class="card" aria-labelledby="tokens">
        <h2 id="tokens">API tokens</h2>
        <p>A job with a token can publish on every channel, and create links.</p>
        {tokens.entries.length > 0 && <TokenTable tokens={tokens.entries} now={now} formToken={formToken} />}
        <NextPage href="/account?after=" next={tokens.next} />
        <h3>Create a token</h3>
        <form class="inline" method="post" action="/account/tokens">
          <FormToken formToken={formToken} />
          <div class="field">
            <label for="name">For</label>
            <input id="name" name="name" required maxlength={200} placeholder="CI of Notes" />
          </div>
          <div class="field">
            <label for="days">Days, empty for no end</label>
            <input id="days" name="days" type="number" min={1} max={3650} value="365" />
          </div>
          <button type="submit">Create the token</button>
        </form>
      </section>
      <section class="card" aria-labelledby="change-password">
        <h2 id="change-password">Change the password</h2>
        <form method="post" action="/account/password">
          <FormToken formToken={formToken} />
          <UserName />
          <div class="field">
            <label for="current">Current password</label>
            <input id="current" name="current" type="password" autocomplete="current-password" required />
          </div>
          <NewPassword
            name="password"
            label="New password"
            hint="At least 12 characters. A few random words are easy to remember."
          />
          <NewPassword name="repeated" label="The new password again" />
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
    <table>
      <thead>
        <tr>
          <th scope="col">For</th>
          <th scope="col">State</th>
          <th scope="col">Last used</th>
          <th scope="col">
            <span class="unseen">Change</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {tokens.map(({ id, name, expiresAt, revokedAt, lastUsedAt }) => {
          const works = revokedAt === undefined && (expiresAt === undefined || now < expiresAt);
          return (
            <tr>
              <th scope="row">{name}</th>
              <td data-label="State">
                {revokedAt !== undefined && <Badge kind="bad">revoked</Badge>}
                {revokedAt === undefined && !works && <Badge kind="off">expired</Badge>}
                {works && (
                  <Badge kind="good">
                    works{expiresAt !== undefined && ` until ${new Date(expiresAt * 1000).toISOString().slice(0, 10)}`}
                  </Badge>
                )}
              </td>
              <td data-label="Last used">
                {lastUsedAt === undefined ? <span class="faint">never</span> : <Time at={lastUsedAt} />}
              </td>
              <td class="number">
                {works && (
                  <form method="post" action={`/account/tokens/${id}/revoke`}>
                    <FormToken formToken={formToken} />
                    <button class="second small" type="submit" aria-label={`Revoke the token for ${name}`}>
                      Revoke
                    </button>
                  </form>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
