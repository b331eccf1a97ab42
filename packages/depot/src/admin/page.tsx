/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";
import { iconPath } from "../item/icon.ts";
import { uploadScriptPath } from "../upload/upload-script-route.ts";
import type { AdminContext } from "./admin-environment.ts";
import { styleHash } from "./style.ts";

/** Where the style of the administration pages is. */
export const stylePath: string = `/style-${styleHash}.css`;

/** The pages that the navigation leads to. */
const sections = [
  { path: "/items", name: "Apps" },
  { path: "/links", name: "Links" },
  { path: "/configuration", name: "Configuration" },
  { path: "/audit", name: "Audit log" },
  { path: "/account", name: "Account" },
] as const;

/** One page. */
export interface PageProps {
  readonly title: string;
  /** The path of its section in the navigation; if unset, there is no navigation. */
  readonly section?: (typeof sections)[number]["path"] | undefined;
  /** The form token of the session, for the form that signs out. */
  readonly formToken?: string | undefined;
  /** Shown instead of the title. */
  readonly heading?: Child;
  /** Whether it has the form that uploads a file. */
  readonly hasUpload?: boolean | undefined;
  /** A page with one short form. */
  readonly isNarrow?: boolean | undefined;
  readonly children?: Child;
}

/** Responds with a page. */
export async function sendPage(
  context: AdminContext,
  page: JSX.Element,
  status: 200 | 202 | 400 | 401 | 403 | 404 | 409 | 429 | 503 | 507 = 200,
): Promise<Response> {
  return context.html(`<!doctype html>${await page.toString()}`, status);
}

/** The frame of every page. */
export function Page({
  title,
  heading,
  section,
  formToken,
  hasUpload = false,
  isNarrow,
  children,
}: PageProps): JSX.Element {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>{title} – Portcullis</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="stylesheet" href={stylePath} />
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        {hasUpload && uploadScriptPath !== undefined && <script type="module" src={uploadScriptPath} />}
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to the content
        </a>
        <header class="top">
          <a class="brand" href="/">
            <Logo />
            Portcullis
          </a>
          {section !== undefined && (
            <nav aria-label="Sections">
              {sections.map(({ path, name }) => (
                <a href={path} aria-current={path === section ? "page" : undefined}>
                  {name}
                </a>
              ))}
            </nav>
          )}
          {formToken !== undefined && (
            <form method="post" action="/sign-out">
              <FormToken formToken={formToken} />
              <button class="quiet" type="submit">
                Sign out
              </button>
            </form>
          )}
        </header>
        <main id="content" class={isNarrow ? "narrow" : undefined}>
          {heading ?? <h1>{title}</h1>}
          {children}
        </main>
      </body>
    </html>
  );
}

/** Proves that a form was sent by a page of this session. */
export function FormToken({ formToken }: { readonly formToken: string }): JSX.Element {
  return <input type="hidden" name="form_token" value={formToken} />;
}

/** The outcome of the last form, which screen readers announce. */
export function Notice({
  kind,
  children,
}: {
  readonly kind: "done" | "problem" | "warn";
  readonly children?: Child;
}): JSX.Element {
  return (
    <div class={`notice ${kind}`} role={kind === "problem" ? "alert" : "status"}>
      {children}
    </div>
  );
}

/** A highlighted word. */
export function Badge({
  kind,
  children,
}: {
  readonly kind?: "good" | "warn" | "bad" | "off";
  readonly children?: Child;
}): JSX.Element {
  return <span class={kind === undefined ? "badge" : `badge ${kind}`}>{children}</span>;
}

/** A number of bytes in a readable form: 999,499 bytes are `999 kB`, and 999,500 are `1.0 MB`. */
export function formatSize(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB"];
  let power = 0;
  while (power < units.length - 1 && bytes >= 999.5 * 1000 ** power) power += 1;
  const amount = bytes / 1000 ** power;
  return `${amount.toFixed(power === 0 || amount >= 99.95 ? 0 : 1)} ${units[power]}`;
}

/** What the icon of an item is made from. */
export interface ItemIconProps {
  readonly id: string;
  readonly title: string;
  readonly kind: "ipa" | "pkg";
  /** SHA-256 of the icon. */
  readonly icon: string | undefined;
}

/**
 * The icon of an app. Without one, an app shows the first letter of its title, and a package a box, on one of six
 * colours, which is always the same for an item.
 */
export function ItemIcon({ id, title, kind, icon }: ItemIconProps): JSX.Element {
  if (icon !== undefined) return <img class="item-icon" src={iconPath(icon)} alt="" loading="lazy" />;
  const colour = [...id].reduce((sum, character) => sum + (character.codePointAt(0) ?? 0), 0) % 6;
  return (
    <svg class={`item-icon colour-${colour}`} viewBox="0 0 64 64" aria-hidden="true">
      <rect width="64" height="64" rx="15" />
      {kind === "pkg" ? (
        <path d="M32 14l16 8v20l-16 8-16-8V22zM16 22l16 8 16-8M32 30v20M24 18l16 8" />
      ) : (
        <text x="32" y="43" text-anchor="middle">
          {[...title.trim()][0]?.toUpperCase() ?? "?"}
        </text>
      )}
    </svg>
  );
}

/** A portcullis. */
const bars = "M3 21V11a9 9 0 0 1 18 0v10M8 21V5M12 23V2.5M16 21V5M3.5 9.5h17M3 15h18";

/** The icon of the pages in the browser. */
export const logo: string = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="${bars}" fill="none" stroke="#5b7cf0" stroke-width="2" stroke-linecap="round"/></svg>`;

function Logo(): JSX.Element {
  return (
    <svg class="logo" viewBox="0 0 24 24" aria-hidden="true">
      <path d={bars} />
    </svg>
  );
}
