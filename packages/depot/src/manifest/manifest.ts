import { randomUUID } from "node:crypto";
import { type AppMetadata, type FileHashes, isIssuerError, writeAppManifest } from "@portcullis/issuer";
import type { Configuration } from "../configuration/configuration.ts";
import { isDepotError } from "../depot-error.ts";
import type { Links } from "../link/links.ts";
import type { Receipts } from "../receipt/receipts.ts";
import type { Database, LinkRow } from "../store/schema.ts";

/** What happened to a request for a manifest, by a stable name for logs. */
export type ManifestOutcome = "allowed" | "link_unknown" | "link_revoked" | "link_expired" | "configuration_disabled";

/** Why no manifest is sent: status and message for the client. */
export const refusals: Readonly<
  Record<Exclude<ManifestOutcome, "allowed">, readonly [status: number, detail: string]>
> = {
  link_unknown: [404, "There is no such link. Check that it was copied whole, or ask for a new one."],
  link_revoked: [410, "This link has been revoked. Ask for a new one."],
  link_expired: [410, "This link has expired. Ask for a new one."],
  configuration_disabled: [503, "No app can be installed at the moment: the administrator has turned it off."],
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

/** Who asks. */
export interface ManifestRequest {
  readonly secret: string;
  readonly isHead: boolean;
  readonly client: string;
  readonly address: string | undefined;
}

/** What manifests are made from. */
export interface ManifestParts {
  readonly db: Database;
  readonly links: Links;
  readonly receipts: Receipts;
  readonly configuration: Configuration;
  /** Scheme, host and port, without a slash at the end. */
  readonly publicUrl: string;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/**
 * Makes the function that writes the manifest of a link, with tokens that are made for this request: the link can stay
 * the same for years while each token lives for minutes and opens one path.
 */
export function createManifests(parts: ManifestParts): (request: ManifestRequest) => Promise<ManifestResult> {
  const templates = new Map<string, string>();
  return (request) => createManifest(request, parts, templates);
}

async function createManifest(
  request: ManifestRequest,
  parts: ManifestParts,
  templates: Templates,
): Promise<ManifestResult> {
  const link = await parts.links.find(request.secret);
  if (!link) return { outcome: "link_unknown" };
  if (link.revoked_at !== null) return { outcome: "link_revoked", link: link.id };
  if (link.expires_at !== null && !(parts.now() < link.expires_at)) return { outcome: "link_expired", link: link.id };
  try {
    const issuer = await parts.configuration.issuer();
    // A token that is not issued leaves no receipt: HEAD only asks whether the link works.
    if (request.isHead) return { outcome: issuer.enabled ? "allowed" : "configuration_disabled", link: link.id };
    const receipt = randomUUID();
    const version = await currentVersion(parts.db, link);
    const url = `${parts.publicUrl}/f/${version.sha256}/${version.file_name}`;
    const template = await templateFor(url, version, templates);
    const withToken = await issuer.downloadUrl(url, { tokenId: receipt });
    const manifest = template.replace(place, () => withToken.replaceAll("&", "&amp;"));
    const { client, address } = request;
    await parts.receipts.begin({ id: receipt, linkId: link.id, versionId: version.id, client, address });
    return { outcome: "allowed", link: link.id, receipt, manifest };
  } catch (error) {
    const isDisabled = isIssuerError(error) && error.code === "configuration_disabled";
    const isMissing = isDepotError(error) && error.code === "configuration_missing";
    if (isDisabled || isMissing) return { outcome: "configuration_disabled", link: link.id };
    throw error;
  }
}

interface CurrentVersion {
  readonly id: string;
  readonly sha256: string;
  readonly file_name: string;
  readonly metadata: string;
  readonly hashes: string;
}

/** A link is only made for a channel that has a version, and a channel never loses its version. */
function currentVersion(db: Database, { item_id, channel }: LinkRow): Promise<CurrentVersion> {
  return db
    .selectFrom("channel")
    .innerJoin("version", "version.id", "channel.version_id")
    .select(["version.id", "version.sha256", "version.file_name", "version.metadata", "version.hashes"])
    .where("channel.item_id", "=", item_id)
    .where("channel.name", "=", channel)
    .executeTakeFirstOrThrow();
}

/** Manifests of the versions that were served lately, by URL, in which the place of the URL with its token is marked. */
type Templates = Map<string, string>;
const mostTemplates = 1000;
const place = "https://portcullis.invalid/place-of-the-url";

/** Writing and checking a manifest takes longer than signing its token, and a version never changes. */
async function templateFor(url: string, { metadata, hashes }: CurrentVersion, templates: Templates): Promise<string> {
  const known = templates.get(url);
  if (known !== undefined) return known;
  const softwarePackage = { url, hashes: JSON.parse(hashes) as FileHashes };
  const app = JSON.parse(metadata) as AppMetadata;
  const template = await writeAppManifest({ ...app, softwarePackage }, async () => place);
  if (templates.size >= mostTemplates) templates.clear();
  templates.set(url, template);
  return template;
}
