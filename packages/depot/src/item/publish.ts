import { createHash, randomUUID } from "node:crypto";
import { open, readdir, rm, stat } from "node:fs/promises";
import { join, parse } from "node:path";
import {
  type AppMetadata,
  hashFile,
  type PackageWarning,
  type ProvisioningProfile,
  readAppIcon,
  readPackage,
} from "@portcullis/issuer";
import type { RecordChange } from "../audit/audit.ts";
import type { Store } from "../store/open-store.ts";
import type { Database } from "../store/schema.ts";
import { checkChannel, setChannel } from "./channel.ts";
import { storeIcon } from "./icon.ts";
import { versionName } from "./items.ts";
import { placeFile } from "./place-file.ts";

/** What was published. */
export interface PublishedVersion {
  readonly itemId: string;
  readonly versionId: string;
  readonly kind: "ipa" | "pkg";
  readonly metadata: AppMetadata;
  readonly channel: string;
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  /** Whether this very file had been published before; then only the channel was set to it. */
  readonly wasKnown: boolean;
  /** What would keep devices from installing it. */
  readonly warnings: readonly PackageWarning[];
}

/** How to publish a file. */
export interface PublishOptions {
  readonly channel: string;
  /** Called now and then with the bytes that are copied. */
  readonly onProgress?: ((progress: { readonly copied: number; readonly size: number }) => void) | undefined;
}

/** The places in the data folder that hold files. */
export interface FilePlaces {
  /** `SHA256/NAME` of everything that is published. */
  readonly files: string;
  /** What is not complete yet. */
  readonly incoming: string;
}

/** What publishing uses. */
export interface PublishParts {
  readonly store: Store;
  readonly places: FilePlaces;
  /** In seconds. */
  readonly now: () => number;
  readonly recordChange: RecordChange;
}

/** What is older than this, in milliseconds, belongs to a process that was ended. */
const longestCopy = 24 * 60 * 60 * 1000;

/**
 * Publishes a file: copies and hashes it, reads what it says of itself, and makes it the version of a channel.
 *
 * The order makes it safe to end at any moment: the copy is complete and on disk before it gets its place, and it has
 * its place before one transaction publishes it. What is left behind in between can be downloaded by nobody, since no
 * token is issued for it, and is used when the same file is published again.
 */
export async function publishFile(
  source: string,
  { channel, onProgress }: PublishOptions,
  parts: PublishParts,
): Promise<PublishedVersion> {
  const { places } = parts;
  checkChannel(channel);
  await readPackage(source); // before gigabytes are copied of what is no package, such as a named pipe
  await removeAbandoned(places.incoming);
  const copy = join(places.incoming, randomUUID());
  try {
    const { sha256, size } = await copyAndHash(source, copy, onProgress);
    return await publishCopy({ path: copy, sha256, size, name: source, channel }, parts);
  } finally {
    await rm(copy, { force: true });
  }
}

/** A complete file that is on disk, and in no other place. */
export interface CompleteCopy {
  readonly path: string;
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  /** What the file is called where it comes from. */
  readonly name: string;
  readonly channel: string;
}

/** Moves a copy to its place, and makes it the version of a channel. */
export async function publishCopy(
  { path, sha256, size, name, channel }: CompleteCopy,
  { store, places, now, recordChange }: PublishParts,
): Promise<PublishedVersion> {
  checkChannel(channel);
  const { kind, metadata, build, warnings, profile } = await readPackage(path, { now });
  const icon = await readAppIcon(path);
  const hashes = await hashFile(path);
  const fileName = safeName(name, kind);
  const names = { ...metadata, ...(build !== undefined && { build }) };
  const facts = { kind, sha256, size, fileName, metadata: names, hashes, warnings, profile, icon, channel };
  const known = await store.db
    .selectFrom("version")
    .select("file_name")
    .where("sha256", "=", sha256)
    .executeTakeFirst();
  await placeFile(path, join(places.files, sha256), known?.file_name ?? fileName);
  const published = await store.write(async (transaction) => {
    const detail = `${versionName({ bundleVersion: String(names.bundleVersion), build })} on ${channel}`;
    await recordChange(transaction, { action: "item_published", subject: names.bundleIdentifier, detail });
    return insertVersion(transaction, facts, Math.floor(now()));
  });
  return { ...published, kind, metadata: names, channel, sha256, size, warnings };
}

async function copyAndHash(
  source: string,
  copy: string,
  onProgress: PublishOptions["onProgress"],
): Promise<{ readonly sha256: string; readonly size: number }> {
  const from = await open(source, "r");
  try {
    const { size } = await from.stat();
    const to = await open(copy, "wx", 0o600);
    try {
      const hash = createHash("sha256");
      const block = Buffer.allocUnsafe(1024 * 1024);
      let copied = 0;
      for (
        let part = await from.read(block, 0, block.length);
        part.bytesRead > 0;
        part = await from.read(block, 0, block.length)
      ) {
        const bytes = block.subarray(0, part.bytesRead);
        hash.update(bytes);
        await to.writeFile(bytes);
        copied += part.bytesRead;
        onProgress?.({ copied, size });
      }
      await to.sync();
      return { sha256: hash.digest("hex"), size: copied };
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

interface VersionFacts {
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
}

async function insertVersion(
  transaction: Database,
  facts: VersionFacts,
  now: number,
): Promise<Pick<PublishedVersion, "itemId" | "versionId" | "wasKnown">> {
  const { kind, sha256, metadata, channel } = facts;
  const known = await transaction
    .selectFrom("version")
    .select(["id", "item_id"])
    .where("sha256", "=", sha256)
    .executeTakeFirst();
  const icon = facts.icon && !known ? await storeIcon(transaction, facts.icon) : null;
  const itemId = known?.item_id ?? (await upsertItem(transaction, { kind, metadata, icon }, now));
  const versionId = known?.id ?? randomUUID();
  if (!known) {
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
      profile_expires_at: profile?.expiresAt ?? null,
      icon,
    };
    await transaction.insertInto("version").values(row).execute();
  }
  await setChannel(transaction, { itemId, channel, versionId, now });
  return { itemId, versionId, wasKnown: known !== undefined };
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

/** A name that means the same in every URL, file system and log. */
function safeName(file: string, kind: "ipa" | "pkg"): string {
  const stem = parse(file)
    .name.replace(/[^A-Za-z0-9_]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 100);
  return `${stem === "" ? "app" : stem}.${kind}`;
}

/** Copies, and the folders of uploads by a form. What cannot be removed must not keep others from publishing. */
async function removeAbandoned(incoming: string): Promise<void> {
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name);
    const found = await stat(path).catch(() => undefined);
    if (!found || Date.now() - found.mtimeMs <= longestCopy) continue;
    await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}
