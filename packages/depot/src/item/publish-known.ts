import type { AppMetadata } from "@portcullis/issuer";
import { checkChannel, setChannel } from "./channel.ts";
import { versionName } from "./item-records.ts";
import type { PublishedVersion, PublishParts } from "./publish.ts";
import { versionWarnings } from "./version-warnings.ts";

/** Points a channel to a version that is already published; resolves with `undefined` if no file has this SHA-256. */
export async function publishKnown(
  sha256: string,
  channel: string,
  { store, now, recordChange }: Omit<PublishParts, "places">,
): Promise<PublishedVersion | undefined> {
  checkChannel(channel);
  return store.write(async (transaction) => {
    const found = await transaction
      .selectFrom("version")
      .innerJoin("item", "item.id", "version.item_id")
      .selectAll("version")
      .select("item.kind")
      .where("sha256", "=", sha256)
      .executeTakeFirst();
    if (!found) return undefined;
    const { id: versionId, item_id: itemId, kind, size, hosting } = found;
    await setChannel(transaction, { itemId, channel, versionId, now: Math.floor(now()) });
    const metadata = JSON.parse(found.metadata) as AppMetadata & { readonly build?: string };
    const { bundleIdentifier: subject, bundleVersion, build } = metadata;
    const version = versionName({ bundleVersion: String(bundleVersion), build });
    const detail = `${version} on ${channel}, hosting location ${hosting}`;
    await recordChange(transaction, { action: "item_published", subject, detail });
    return {
      ...{ itemId, versionId, kind, channel, sha256, size, hosting, wasKnown: true },
      metadata,
      warnings: versionWarnings(found, now()),
    };
  });
}
