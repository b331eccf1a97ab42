/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import { installLink } from "@portcullis/issuer";
import type { Hono } from "hono";
import type { Child } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";
import { formatSize, ItemIcon, logo } from "../admin/page.tsx";
import { style, styleHash } from "../admin/style.ts";
import { formatDate } from "../admin/time.tsx";
import type { AppBindings } from "../app-bindings.ts";
import { addIconRoute } from "../item/icon.ts";
import { versionName } from "../item/item-records.ts";
import { installPageUrl, manifestUrl } from "../link/link-urls.ts";
import { secretHash } from "../link/links.ts";
import { QrCode } from "../link/qr-code.tsx";
import { type ManifestRequest, type ManifestResult, refusals } from "../manifest/manifest.ts";
import type { Database } from "../store/schema.ts";

/** What the page is made from. */
export interface InstallPageParts {
  readonly db: Database;
  readonly publicUrl: string;
  /** With `isHead`, it only says whether the link works. */
  readonly createManifest: (request: ManifestRequest) => Promise<ManifestResult>;
  /** Seconds since 1970. */
  readonly now: () => number;
}

const stylePath = `/i/style-${styleHash}.css`;
/** Without one, browsers ask for `/favicon.ico`. */
const logoPath = "/i/logo.svg";

const headers = {
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Content-Type": "text/html; charset=utf-8",
  // The address of the page is the secret.
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Robots-Tag": "noindex, nofollow",
};

/** Adds the page on which a person installs what a link leads to, without an MDM. */
export function addInstallPage(app: Hono<{ Bindings: AppBindings }>, parts: InstallPageParts): void {
  app.get(stylePath, () => {
    const cached = {
      "Content-Type": "text/css; charset=utf-8",
      "Cache-Control": "public, max-age=31536000, immutable",
    };
    return new Response(style, { headers: cached });
  });

  app.get(logoPath, () => {
    const cached = { "Content-Type": "image/svg+xml", "Cache-Control": "public, max-age=86400" };
    return new Response(logo, { headers: cached });
  });
  addIconRoute(app, parts.db);

  app.get("/i/:secret", async ({ req, env }) => {
    const secret = req.param("secret");
    const { client, address, report } = env;
    const { outcome, link } = await parts.createManifest({ secret, isHead: true, client, address });
    report({ outcome, ...(link !== undefined && { link }) });
    if (outcome !== "allowed") {
      const [status, detail] = refusals[outcome];
      return send(<RefusedPage detail={detail} />, status, status === 503 ? { "Retry-After": "60" } : {});
    }
    const found = await findVersion(parts.db, secret);
    const { metadata, icon, profile_expires_at, ...version } = found;
    const { bundleVersion, build } = JSON.parse(metadata);
    const names = { version: versionName({ bundleVersion: String(bundleVersion), build }) };
    const { publicUrl } = parts;
    const addresses = { pageUrl: installPageUrl(publicUrl, secret), manifestUrl: manifestUrl(publicUrl, secret) };
    const device = deviceOf(req.header("user-agent") ?? "");
    const profile = profile_expires_at !== null && <ProfileExpiry at={profile_expires_at} now={parts.now()} />;
    return send(
      <InstallPage {...{ ...version, ...names, ...addresses, device, profile }} icon={icon ?? undefined} />,
      200,
    );
  });
}

type Device = "iPhone or iPad" | "iPad or Mac" | "other";

/** An iPad calls itself a Mac, unless it is told not to. */
function deviceOf(userAgent: string): Device {
  if (/\b(?:iPhone|iPad|iPod)\b/.test(userAgent)) return "iPhone or iPad";
  return /\bMacintosh\b/.test(userAgent) ? "iPad or Mac" : "other";
}

async function send(page: JSX.Element, status: number, more: Readonly<Record<string, string>> = {}): Promise<Response> {
  return new Response(`<!doctype html>${await page.toString()}`, { status, headers: { ...headers, ...more } });
}

interface FoundVersion {
  readonly id: string;
  readonly title: string;
  readonly kind: "ipa" | "pkg";
  readonly metadata: string;
  readonly size: number;
  readonly icon: string | null;
  readonly profile_expires_at: number | null;
}

/** A link is only created for a channel that has a version, and a channel never loses its version. */
function findVersion(db: Database, secret: string): Promise<FoundVersion> {
  return db
    .selectFrom("link")
    .innerJoin("item", "item.id", "link.item_id")
    .innerJoin("channel", (join) =>
      join.onRef("channel.item_id", "=", "link.item_id").onRef("channel.name", "=", "link.channel"),
    )
    .innerJoin("version", "version.id", "channel.version_id")
    .select(["item.id", "item.title", "item.kind"])
    .select(["version.metadata", "version.size", "version.icon", "version.profile_expires_at"])
    .where("link.secret_hash", "=", secretHash(secret) ?? "")
    .executeTakeFirstOrThrow();
}

function Frame({ title, children }: { readonly title: string; readonly children?: Child }): JSX.Element {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>{title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="stylesheet" href={stylePath} />
        <link rel="icon" href={logoPath} type="image/svg+xml" />
      </head>
      <body>
        <main class="install">{children}</main>
      </body>
    </html>
  );
}

/** The day until which devices open the app; both times in seconds since 1970. */
function ProfileExpiry({ at, now }: { readonly at: number; readonly now: number }): JSX.Element {
  const day = formatDate(at);
  if (at > now) return <p class="hint">Works until {day} (provisioning profile)</p>;
  return <p class="warning">Stopped working on {day} (provisioning profile). Ask for a new version.</p>;
}

interface InstallPageProps extends Omit<FoundVersion, "metadata" | "icon" | "profile_expires_at"> {
  readonly icon: string | undefined;
  readonly profile: Child;
  readonly version: string;
  readonly pageUrl: string;
  readonly manifestUrl: string;
  readonly device: Device;
}

function InstallPage(props: InstallPageProps): JSX.Element {
  const { id, title, kind, icon, version, size, pageUrl, manifestUrl, device, profile } = props;
  const code = <QrCode text={pageUrl} label="QR code of this page" />;
  return (
    <Frame title={`Install ${title}`}>
      <div class="card">
        <ItemIcon {...{ id, title, kind, icon }} />
        <h1>{title}</h1>
        <p class="faint">
          Version {version}, {formatSize(size)}
        </p>
        {profile}
        {kind === "pkg" && <p>This is a package for Macs, which your organisation's MDM installs.</p>}
        {kind === "ipa" && device !== "other" && (
          <>
            <p class="below">
              <a class="button" href={installLink(manifestUrl)}>
                Install{device === "iPad or Mac" && " on this iPad"}
              </a>
            </p>
            <p class="hint">Then go to the Home Screen, where the app's icon shows the progress of the download.</p>
          </>
        )}
        {kind === "ipa" && device !== "iPhone or iPad" && (
          <div class="below">
            {code}
            <p>
              {device === "other" ? "Scan this with" : "On a Mac, scan this with"} the camera of the iPhone or iPad.
            </p>
          </div>
        )}
      </div>
    </Frame>
  );
}

function RefusedPage({ detail }: { readonly detail: string }): JSX.Element {
  return (
    <Frame title="This app cannot be installed">
      <div class="card">
        <h1>This app cannot be installed</h1>
        <p>{detail}</p>
      </div>
    </Frame>
  );
}
