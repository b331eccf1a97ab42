/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import { randomUUID } from "node:crypto";
import type { Hono } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import { createLongWork, type LongWorkResult } from "../api/long-work.ts";
import type { AdminContext, AdminEnvironment } from "./admin-environment.ts";
import { Page, sendPage } from "./page.tsx";

/** The response to a form, or to a later request of the same session. */
type ShowOutcome = (context: AdminContext) => Promise<Response> | Response;

/** What a form starts, and how its outcome is shown. */
export interface FormWork<Result> {
  begin(): Promise<Result>;
  done(context: AdminContext, result: Result): Promise<Response> | Response;
  /** Throws the error if the form cannot show it. */
  failed(context: AdminContext, error: unknown): Promise<Response> | Response;
}

/**
 * Starts the work of a form and responds with its outcome. If the work takes longer than 10 seconds, it responds with a
 * page that asks for the outcome again and again, so that no proxy in front closes the connection first.
 */
export type RespondToForm = <Result>(context: AdminContext, work: FormWork<Result>) => Promise<Response>;

/** Less than the time that common proxies wait for a response. In milliseconds. */
const longestWait = 10_000;
/** In seconds. */
const refreshAfter = 3;

/** Work that failed. */
class FailedWork extends Error {
  readonly show: ShowOutcome;

  constructor(cause: unknown, show: ShowOutcome) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.show = show;
  }
}

/**
 * Adds the page that is shown while the work of a form is in progress.
 *
 * @param abandoned - called with the error of work that failed a minute ago, if no request has received it
 */
export function addWorkPage(app: Hono<AdminEnvironment>, abandoned: (error: Error) => void): RespondToForm {
  const works = createLongWork<ShowOutcome>({ longestWait, abandoned });

  async function respond(context: AdminContext, id: string, begin: () => Promise<ShowOutcome>): Promise<Response> {
    const { token, formToken } = context.var.session;
    // Only the session that sent the form sees the outcome.
    const key = JSON.stringify([token, id]);
    const work = await works.wait(key, begin, context.req.raw.signal).catch(failureOf);
    if (work.isDone) return work.result(context);
    const path = `/outcomes/${id}`;
    context.header("Refresh", `${refreshAfter}; url=${path}`);
    return sendPage(context, <WorkPage path={path} formToken={formToken} />, 202);
  }

  app.get("/outcomes/:id", (context) => respond(context, context.req.param("id"), async () => showUnknown));

  return (context, { begin, done, failed }) =>
    respond(context, randomUUID(), async () => {
      try {
        const result = await begin();
        return (later) => done(later, result);
      } catch (error) {
        throw new FailedWork(error, (later) => failed(later, error));
      }
    });
}

/** What to show of work that failed. */
function failureOf(error: unknown): LongWorkResult<ShowOutcome> {
  if (error instanceof FailedWork) return { isDone: true, result: error.show };
  throw error;
}

function showUnknown(context: AdminContext): Promise<Response> {
  return sendPage(context, <UnknownWorkPage formToken={context.var.session.formToken} />, 404);
}

function WorkPage({ path, formToken }: { readonly path: string; readonly formToken: string }): JSX.Element {
  return (
    <Page title="Still working" section="/items" formToken={formToken}>
      <div class="card">
        <p id="work">The depot is reading or copying files. This page shows the outcome as soon as there is one.</p>
        <progress aria-labelledby="work" />
        <p class="hint">
          If you leave this page, the work continues. <a href={path}>Show the outcome</a>
        </p>
      </div>
    </Page>
  );
}

function UnknownWorkPage({ formToken }: { readonly formToken: string }): JSX.Element {
  return (
    <Page title="The outcome is no longer known" section="/items" formToken={formToken}>
      <div class="card">
        <p>
          It was already shown, the work ended more than a minute ago, or the depot was restarted. The{" "}
          <a href="/audit">audit log</a> says what was changed.
        </p>
      </div>
    </Page>
  );
}
