import { randomUUID } from "node:crypto";
import type { AppMetadata, PackageWarning, ProvisioningProfile } from "@portcullis/issuer";
import type { Hosting } from "../hosting/hosting.ts";
import type { StoredFile } from "../hosting/store-file.ts";
import { nextNumber } from "../store/next-number.ts";
import type { Database } from "../store/schema.ts";
import { setChannel } from "./channel.ts";
import { storeIcon } from "./icon.ts";

/** What is known about a published file. */
export interface VersionFacts {
  readonly kind: "ipa" | "pkg";
  readonly sha256: string;
  readonly size: number;
  readonly fileName: string;
  readonly metadata: AppMetadata;
  readonly hashes: object;
  readonly warnings: readonly PackageWarning[];
  readonly profile: ProvisioningProfile | undefined;
  /** A PNG. */
  readonly icon: Buffer | undefined;
  readonly channel: string;
  readonly stored: StoredFile | undefined;
}

/** A version that is in the database. */
interface InsertedVersion {
  readonly itemId: string;
  readonly versionId: string;
  readonly wasKnown: boolean;
  readonly hosting: Hosting;
}

/** Makes a file the version of a channel, and adds the version and its item if there are none yet; `now` in seconds. */
export async function insertVersion(transaction: Database, facts: VersionFacts, now: number): Promise<InsertedVersion> {
  const { kind, sha256, metadata, channel, stored } = facts;
  const known = await transaction
    .selectFrom("version")
    .select(["id", "item_id", "hosting"])
    .where("sha256", "=", sha256)
    .executeTakeFirst();
  const icon = facts.icon && !known ? await storeIcon(transaction, facts.icon) : null;
  const itemId = known?.item_id ?? (await upsertItem(transaction, { kind, metadata, icon }, now));
  const versionId = known?.id ?? randomUUID();
  if (!known && stored) {
    const { size, fileName: file_name, hashes, warnings, profile } = facts;
    const texts = {
      metadata: JSON.stringify(metadata),
      hashes: JSON.stringify(hashes),
      warnings: JSON.stringify(warnings),
    };
    const row = {
      id: versionId,
      item_id: itemId,
      sha256,
      file_name,
      ...texts,
      size,
      published_at: now,
      number: await nextNumber(transaction, "version"),
      profile_expires_at: profile?.expiresAt ?? null,
      icon,
      ...{ hosting: stored.hosting, hosted_at: now, address: stored.address, validator: stored.validator },
    };
    await stored.commit(transaction);
    await transaction.insertInto("version").values(row).execute();
  }
  await setChannel(transaction, { itemId, channel, versionId, now });
  const hosting = known?.hosting ?? stored?.hosting ?? "data-folder";
  return { itemId, versionId, wasKnown: known !== undefined, hosting };
}

/** The item has the title and the icon of the newest version. */
async function upsertItem(
  transaction: Database,
  { kind, metadata, icon }: Pick<VersionFacts, "kind" | "metadata"> & { readonly icon: string | null },
  now: number,
): Promise<string> {
  const { bundleIdentifier, title } = metadata;
  const { id } = await transaction
    .insertInto("item")
    .values({ id: randomUUID(), kind, bundle_identifier: bundleIdentifier, title, created_at: now, icon })
    .onConflict((conflict) => conflict.columns(["bundle_identifier", "kind"]).doUpdateSet({ title, icon }))
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}
