/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AdminContext, AdminEnvironment } from "../admin/admin-environment.ts";
import { type FormProblem, TextField } from "../admin/field.tsx";
import { Page, sendPage } from "../admin/page.tsx";
import { sentences } from "../admin/sentences.ts";
import { isDepotError } from "../depot-error.ts";
import { type Administrator, type Session, sessionLife } from "./administrator.ts";

/** How a browser is signed in: by a cookie that scripts cannot read and other sites cannot send. */
export interface SessionCookie {
  read(context: AdminContext): Promise<Session | undefined>;
  set(context: AdminContext, session: Session): void;
  remove(context: AdminContext): void;
}

/**
 * Creates the functions that read, set and remove the cookie; with `isSecure`, the browser sends it over TLS only, and
 * only to this host.
 */
export function createSessionCookie(administrator: Administrator, isSecure: boolean): SessionCookie {
  const name = "portcullis_session";
  const prefix = isSecure ? ({ prefix: "host" } as const) : {};
  const options = { path: "/", httpOnly: true, sameSite: "Strict", secure: isSecure, ...prefix } as const;
  return {
    async read(context) {
      const token = getCookie(context, name, isSecure ? "host" : undefined);
      return token === undefined ? undefined : administrator.session(token);
    },
    set: (context, { token }) => setCookie(context, name, token, { ...options, maxAge: sessionLife }),
    remove: (context) => void deleteCookie(context, name, options),
  };
}

/** Adds the pages that need no session: the setup link, and signing in. */
export function addSignInPages(app: Hono<AdminEnvironment>, administrator: Administrator, cookie: SessionCookie): void {
  app.get("/setup/:secret", async (context) => {
    const isValid = await administrator.isSetupLink(context.req.param("secret"));
    return isValid ? sendPage(context, <SetUpPage />) : sendPage(context, <UnknownSetupLinkPage />, 404);
  });

  app.post("/setup/:secret", async (context) => {
    const { password, repeated } = await context.req.parseBody();
    if (typeof password !== "string" || password !== repeated)
      return sendPage(context, <SetUpPage problem={passwordsDiffer} />, 400);
    try {
      const session = await administrator.setUp(context.req.param("secret"), password, context.env.address);
      cookie.set(context, session);
      return context.redirect("/configuration?done=password", 303);
    } catch (error) {
      if (!isDepotError(error)) throw error;
      if (error.code === "setup_link_unknown") return sendPage(context, <UnknownSetupLinkPage />, 404);
      return sendPage(context, <SetUpPage problem={{ field: "password", text: sentences(error) }} />, 400);
    }
  });

  app.get("/sign-in", async (context) => {
    if (await cookie.read(context)) return context.redirect("/", 303);
    return sendPage(context, <SignInPage isSetUp={await administrator.exists()} />);
  });

  app.post("/sign-in", async (context) => {
    const { password } = await context.req.parseBody();
    const result = await administrator.signIn(String(password ?? ""), context.env.address);
    if (result.outcome === "signed_in") {
      cookie.set(context, result.session);
      return context.redirect("/", 303);
    }
    const isSetUp = await administrator.exists();
    if (result.outcome === "password_wrong")
      return sendPage(context, <SignInPage isSetUp={isSetUp} problem="The password is wrong." />, 401);
    const problem = tooManyAttempts(result.retryAfter);
    context.header("Retry-After", String(result.retryAfter));
    return sendPage(context, <SignInPage isSetUp={isSetUp} problem={problem} />, 429);
  });
}

/** The message after too many attempts; the next one is allowed after this many seconds. */
export function tooManyAttempts(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  return `Too many attempts. Try again in ${minutes} ${minutes === 1 ? "minute" : "minutes"}.`;
}

function SetUpPage({ problem }: { readonly problem?: FormProblem }): JSX.Element {
  return (
    <Page title="Set the password" isNarrow>
      <form class="card" method="post">
        <p>This depot has one administrator, who signs in with a password.</p>
        <UserName />
        <NewPassword
          name="password"
          label="New password"
          hint="At least 12 characters. A few random words are easy to remember."
          problem={problem}
        />
        <NewPassword name="repeated" label="New password, again" problem={problem} />
        <button type="submit">Set the password</button>
      </form>
    </Page>
  );
}

/** For password managers, which store a name with a password. */
export function UserName(): JSX.Element {
  return <input type="text" name="username" autocomplete="username" value="administrator" readonly hidden />;
}

/** What is wrong if a new password and its repetition differ. */
export const passwordsDiffer: FormProblem = { field: "repeated", text: "The two passwords do not match." };

/** A field for a new password. */
export function NewPassword({
  name,
  label,
  hint,
  problem,
}: {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly problem: FormProblem | undefined;
}): JSX.Element {
  return (
    <TextField
      {...{ label, hint, problem }}
      id={name}
      type="password"
      autocomplete="new-password"
      minlength={12}
      required
    />
  );
}

function UnknownSetupLinkPage(): JSX.Element {
  return (
    <Page title="This link does not work" isNarrow>
      <div class="card">
        <p>The setup link has already been used, is older than a day, or is incomplete.</p>
        <p>
          If the password is set, <a href="/sign-in">sign in</a>. If it is not, restart the depot: it prints a new link.
        </p>
      </div>
    </Page>
  );
}

function SignInPage({ isSetUp, problem }: { readonly isSetUp: boolean; readonly problem?: string }): JSX.Element {
  return (
    <Page title="Sign in" isNarrow>
      {isSetUp ? (
        <form class="card" method="post" action="/sign-in">
          <UserName />
          <TextField
            id="password"
            label="Password"
            type="password"
            autocomplete="current-password"
            required
            autofocus
            problem={problem === undefined ? undefined : { field: "password", text: problem }}
          />
          <button type="submit">Sign in</button>
          <p class="hint below">If you have forgotten the password, restart the depot with --reset-password.</p>
        </form>
      ) : (
        <div class="card">
          <p>No password has been set yet. Open the setup link, which the depot printed when it started.</p>
          <p class="faint">
            Until the password is set, the depot prints a new link each time it starts. Each link works for a day.
          </p>
        </div>
      )}
    </Page>
  );
}
