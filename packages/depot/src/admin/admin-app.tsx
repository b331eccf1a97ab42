/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { csrf } from "hono/csrf";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { apiPath } from "../api/api.ts";
import { addAuditPage } from "../audit/audit-page.tsx";
import { addConfigurationPage } from "../configuration/configuration-page.tsx";
import { createJamfApi, jamfApiPath } from "../configuration/jamf-api.ts";
import { createJamfSignIn, jamfSignInPaths } from "../configuration/jamf-sign-in.ts";
import { isDepotError } from "../depot-error.ts";
import { addIconRoute } from "../item/icon.ts";
import { addItemPage } from "../item/item-page.tsx";
import { addItemsPage, isUpload } from "../item/items-page.tsx";
import { addLinkPage } from "../link/link-page.tsx";
import { addLinksPage } from "../link/links-page.tsx";
import { addNewLinkPage } from "../link/new-link-page.tsx";
import { addAccountPage } from "../sign-in/account-page.tsx";
import { addSignInPages, createSessionCookie } from "../sign-in/sign-in-pages.tsx";
import { isDiskFull } from "../store/disk-full.ts";
import { isUnstorableText } from "../store/unstorable-text.ts";
import { addUploadScript } from "../upload/upload-script-route.ts";
import type { AdminContext, AdminEnvironment } from "./admin-environment.ts";
import type { AdminParts } from "./admin-parts.ts";
import { logo, Page, sendPage, stylePath } from "./page.tsx";
import { style } from "./style.ts";
import { addWorkPage } from "./work-page.tsx";

/** How the pages are reached. */
export interface AdminAppOptions {
  /** The URL at which browsers reach them, if a proxy with TLS is in front: `https://` and a host. */
  readonly url?: string | undefined;
  /** Whether the listener itself has TLS; without it, and without `url`, only this computer can use the pages. */
  readonly hasTls: boolean;
  /** The largest file that can be uploaded, in bytes. */
  readonly largestUpload: number;
  /**
   * Called with the error of work that a program or a form started and that failed a minute ago, if no request has
   * received the error. Default: such an error is ignored.
   */
  readonly workAbandoned?: ((error: Error) => void) | undefined;
}

/** A form with a key of 8192 bits takes less than 10 KB. */
const longestForm = 512 * 1024;
const year = 31_536_000;

/**
 * Creates the administration pages. Every page except those for signing in requires a session, and every change
 * requires a form of that session.
 */
export function createAdminApp(
  parts: AdminParts,
  { url, hasTls, largestUpload, workAbandoned = () => {} }: AdminAppOptions,
): Hono<AdminEnvironment> {
  const { db, administrator, configurationFor, api } = parts;
  const cookie = createSessionCookie(administrator, hasTls || url !== undefined);
  const app = new Hono<AdminEnvironment>();

  /** Another site can point its own host name at this computer; without TLS, its pages could then use this server. */
  function isOwnHost({ host, hostname }: URL): boolean {
    if (url !== undefined) return host === new URL(url).host;
    return hasTls || ["localhost", "[::1]"].includes(hostname) || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  }

  // For every request
  app.use(pageHeaders());
  app.use(async ({ req, text }, next) => {
    if (!isOwnHost(new URL(req.url))) return text("Use the address that the depot printed when it started.\n", 421);
    await next();
  });
  // Before the checks for forms: no browser has the APIs' tokens, so no other site can use them, and uploads to the API
  // are larger than forms.
  const signIn = createJamfSignIn(parts.bearerTokens);
  for (const path of jamfSignInPaths) app.all(path, signIn);
  app.route(apiPath, api);
  app.all(jamfApiPath, createJamfApi(parts));
  app.use(url === undefined ? csrf() : csrf({ origin: new URL(url).origin }));
  const limitForm = bodyLimit({ maxSize: longestForm, onError: ({ text }) => text("The form is too large.\n", 413) });
  app.use((context, next) => (isUpload(context.req.path) ? next() : limitForm(context, next)));
  app.use(async (context, next) => {
    // Hono stores the form, so it is read once, and an unreadable form is refused here for all pages.
    const isReadable = isUpload(context.req.path) || (await canReadForm(context));
    if (!isReadable) return context.text("The form cannot be read: reload the page, and send it again.\n", 400);
    await next();
  });

  // Without a session
  app.get(stylePath, ({ body, header }) => {
    header("Cache-Control", `public, max-age=${year}, immutable`);
    return body(style, 200, { "Content-Type": "text/css; charset=utf-8" });
  });
  app.get("/icon.svg", ({ body, header }) => {
    header("Cache-Control", "public, max-age=86400");
    return body(logo, 200, { "Content-Type": "image/svg+xml" });
  });
  addUploadScript(app);
  addSignInPages(app, administrator, cookie);

  // With a session
  app.use(async (context, next) => {
    const session = await cookie.read(context);
    if (!session)
      return context.req.header("Tus-Resumable") !== undefined
        ? context.text("Sign in.\n", 401)
        : context.redirect("/sign-in", 303);
    context.set("session", session);
    context.set("actor", { name: "administrator", address: context.env.address });
    // An upload is not read into memory: its routes check the form token themselves.
    if (isUpload(context.req.path)) context.env.allowUpload();
    else if (!["GET", "HEAD"].includes(context.req.method)) {
      const { form_token } = await context.req.parseBody();
      if (form_token !== session.formToken) return sendPage(context, <OldFormPage />, 403);
    }
    await next();
  });
  app.post("/sign-out", async (context) => {
    await administrator.signOut(context.var.session, context.env.address);
    cookie.remove(context);
    return context.redirect("/sign-in", 303);
  });
  app.get("/", ({ redirect }) => redirect("/items", 303));
  addIconRoute(app, db);
  const respondToForm = addWorkPage(app, workAbandoned);
  addItemsPage(app, parts, { largestUpload, respondToForm });
  const showItem = addItemPage(app, parts, respondToForm);
  addLinksPage(app, parts);
  addNewLinkPage(app, parts, showItem);
  addLinkPage(app, parts);
  addConfigurationPage(app, configurationFor);
  addAuditPage(app, db);
  addAccountPage(app, parts, cookie);

  app.notFound((context) => sendPage(context, <NotFoundPage />, 404));
  app.onError((error, context) => {
    if (error instanceof HTTPException) return error.getResponse();
    // No name contains a NUL character.
    if (isUnstorableText(error)) return sendPage(context, <NotFoundPage />, 404);
    if (isDepotError(error) && notFoundCodes.includes(error.code)) return sendPage(context, <NotFoundPage />, 404);
    context.env.report({ problem: error.message });
    if (isDiskFull(error)) return sendPage(context, <DiskFullPage />, 507);
    context.header("Retry-After", "10");
    return sendPage(context, <UnavailablePage />, 503);
  });
  return app;
}

/** Whether the body is a form, or does not claim to be one; a body that is too large is a different error. */
async function canReadForm({ req }: AdminContext): Promise<boolean> {
  try {
    await req.parseBody();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** The errors for a path that names something unknown. */
const notFoundCodes = ["item_unknown", "link_unknown", "page_invalid", "api_token_unknown"];

/** As strict as pages with one script can be. */
function pageHeaders() {
  const none = ["'none'"];
  const own = ["'self'"];
  const headers = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: none,
      styleSrc: own,
      scriptSrc: own,
      connectSrc: own,
      imgSrc: own,
      formAction: own,
      frameAncestors: none,
      baseUri: none,
    },
    // With "no-referrer", browsers would send "Origin: null" with forms.
    referrerPolicy: "same-origin",
    xFrameOptions: "DENY",
    strictTransportSecurity: false,
  });
  return async (context: Parameters<typeof headers>[0], next: Parameters<typeof headers>[1]): Promise<void> => {
    context.header("Cache-Control", "no-store");
    await headers(context, next);
  };
}

function OldFormPage() {
  return (
    <Page title="This form is from another session" isNarrow>
      <div class="card">
        <p>Nothing was changed. Go back, reload the page, and send the form again.</p>
      </div>
    </Page>
  );
}

function NotFoundPage() {
  return (
    <Page title="Page not found" isNarrow>
      <div class="card">
        <p>
          It might have been removed. <a href="/">Go to the start page</a>.
        </p>
      </div>
    </Page>
  );
}

function UnavailablePage() {
  return (
    <Page title="The depot is not available at the moment" isNarrow>
      <div class="card">
        <p>Nothing was changed. The depot's log says what failed. Try again in a moment.</p>
      </div>
    </Page>
  );
}

function DiskFullPage() {
  return (
    <Page title="The depot's disk is full" isNarrow>
      <div class="card">
        <p>Nothing was changed. Free some space on the depot's disk, and try again.</p>
      </div>
    </Page>
  );
}
