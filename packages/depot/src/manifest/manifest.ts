import { type AppMetadata, type FileHashes, isIssuerError, writeAppManifest } from "@portcullis/issuer";
import type { Configuration } from "../configuration/configuration.ts";
import { isDepotError } from "../depot-error.ts";
import type { Hosting } from "../hosting/hosting.ts";
import { iconPath } from "../item/icon.ts";
import { secretHash } from "../link/links.ts";
import { createReceiptIds } from "../receipt/receipt-id.ts";
import type { Receipts } from "../receipt/receipts.ts";
import type { Database } from "../store/schema.ts";

/** The outcome of a request for a manifest: a stable name for logs. */
export type ManifestOutcome = "allowed" | "link_unknown" | "link_revoked" | "link_expired" | "configuration_disabled";

/** Why no manifest is sent: status and message for the client. */
export const refusals: Readonly<
  Record<Exclude<ManifestOutcome, "allowed">, readonly [status: number, detail: string]>
> = {
  link_unknown: [404, "There is no such link. Check that you copied the whole link, or ask for a new one."],
  link_revoked: [410, "This link has been revoked. Ask for a new one."],
  link_expired: [410, "This link has expired. Ask for a new one."],
  configuration_disabled: [
    503,
    "No app can be installed at the moment: the administrator has turned installation off.",
  ],
};

/** A manifest, or why there is none. */
export type ManifestResult = {
  readonly outcome: ManifestOutcome;
  /** The ID of the link, which is not its secret. */
  readonly link?: string;
  /** The ID of the receipt. */
  readonly receipt?: string;
  /** The property list; absent if there is none, and for HEAD. */
  readonly manifest?: string;
};

/** The client that requests it. */
export interface ManifestRequest {
  readonly secret: string;
  readonly isHead: boolean;
  readonly client: string;
  readonly address: string | undefined;
}

/** What manifests are made from. */
export interface ManifestParts {
  readonly db: Database;
  readonly receipts: Receipts;
  readonly configuration: Configuration;
  /** Scheme, host and port, without a slash at the end. */
  readonly publicUrl: string;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/**
 * Creates the function that writes the manifest of a link, with tokens that are created for this request: the link can
 * stay the same for years, while each token is valid for minutes and for one path.
 */
export function createManifests(parts: ManifestParts): (request: ManifestRequest) => Promise<ManifestResult> {
  const templates = new Map<string, string>();
  const newReceiptId = createReceiptIds(parts.now);
  const findLink = linkFinder(parts.db);
  const all = { ...parts, newReceiptId };
  return (request) => createManifest(request, all, findLink, templates);
}

async function createManifest(
  request: ManifestRequest,
  parts: ManifestParts & { readonly newReceiptId: () => string },
  findLink: LinkFinder,
  templates: Templates,
): Promise<ManifestResult> {
  const hash = secretHash(request.secret);
  const link = hash === undefined ? undefined : await findLink(hash);
  if (!link) return { outcome: "link_unknown" };
  if (link.revoked_at !== null) return { outcome: "link_revoked", link: link.id };
  if (link.expires_at !== null && !(parts.now() < link.expires_at)) return { outcome: "link_expired", link: link.id };
  try {
    const issuer = await parts.configuration.issuer(link.revision ?? undefined);
    // A token that is not issued leaves no receipt: HEAD only asks whether the link works.
    if (request.isHead) return { outcome: issuer.enabled ? "allowed" : "configuration_disabled", link: link.id };
    const receipt = parts.newReceiptId();
    const ownUrl = `${parts.publicUrl}/f/${link.sha256}/${link.file_name}`;
    // As with Jamf Pro, a web server checks the token itself.
    const url = link.hosting === "web-server" ? (link.address ?? ownUrl) : ownUrl;
    const template = templates.get(link.version_id) ?? (await writeTemplate(url, link.version_id, parts, templates));
    const withToken = await issuer.downloadUrl(url, { tokenId: receipt });
    const manifest = template.replace(place, () => withToken.replaceAll("&", "&amp;"));
    const { client, address } = request;
    await parts.receipts.begin({ id: receipt, linkId: link.id, versionId: link.version_id, client, address });
    return { outcome: "allowed", link: link.id, receipt, manifest };
  } catch (error) {
    const isDisabled = isIssuerError(error) && error.code === "configuration_disabled";
    const isMissing = isDepotError(error) && error.code === "configuration_missing";
    if (isDisabled || isMissing) return { outcome: "configuration_disabled", link: link.id };
    throw error;
  }
}

/** A link, what it leads to now, and the revision of the configuration that signs: all that a manifest needs. */
interface FoundLink {
  readonly id: string;
  readonly revoked_at: number | null;
  readonly expires_at: number | null;
  readonly version_id: string;
  readonly sha256: string;
  readonly file_name: string;
  readonly hosting: Hosting;
  readonly address: string | null;
  /** Null if there is no configuration. */
  readonly revision: number | null;
}

type LinkFinder = (hash: string) => Promise<FoundLink | undefined>;

/**
 * Creates the function that finds a link by the hash of its secret, with one query that is built once: building it
 * takes longer than running it. A link is only created for a channel that has a version, and a channel never loses its
 * version.
 */
function linkFinder(db: Database): LinkFinder {
  const query = db
    .selectFrom("link")
    .innerJoin("channel", (join) =>
      join.onRef("channel.item_id", "=", "link.item_id").onRef("channel.name", "=", "link.channel"),
    )
    .innerJoin("version", "version.id", "channel.version_id")
    .leftJoin("configuration", (join) => join.onTrue())
    .select(["link.id", "link.revoked_at", "link.expires_at", "channel.version_id"])
    .select(["version.sha256", "version.file_name", "version.hosting", "version.address", "configuration.revision"])
    .where("link.secret_hash", "=", "")
    .compile();
  return async (hash) => (await db.executeQuery<FoundLink>({ ...query, parameters: [hash] })).rows[0];
}

/**
 * Manifests of recently served versions, by the ID of the version; each has a placeholder instead of the URL with its
 * token.
 */
type Templates = Map<string, string>;
const mostTemplates = 1000;
const place = "https://portcullis.invalid/place-of-the-url";

/** Writing and checking a manifest takes longer than signing its token, and a version never changes. */
async function writeTemplate(
  url: string,
  versionId: string,
  { db, publicUrl }: ManifestParts,
  templates: Templates,
): Promise<string> {
  const { metadata, hashes, icon } = await db
    .selectFrom("version")
    .select(["metadata", "hashes", "icon"])
    .where("id", "=", versionId)
    .executeTakeFirstOrThrow();
  const softwarePackage = { url, hashes: JSON.parse(hashes) as FileHashes };
  const app = JSON.parse(metadata) as AppMetadata;
  const image = icon === null ? undefined : { url: publicUrl + iconPath(icon), protected: false };
  const assets = { softwarePackage, displayImage: image, fullSizeImage: image };
  const template = await writeAppManifest({ ...app, ...assets }, async () => place);
  if (templates.size >= mostTemplates) templates.clear();
  templates.set(versionId, template);
  return template;
}
