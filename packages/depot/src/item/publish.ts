import { createHash, randomUUID } from "node:crypto";
import { open, rm, stat } from "node:fs/promises";
import { join, parse } from "node:path";
import { type AppMetadata, hashFile, type PackageWarning, readAppIcon, readPackage } from "@portcullis/issuer";
import type { RecordChange } from "../audit/audit.ts";
import { fetchHosted } from "../hosting/fetch-hosted.ts";
import { checkFits } from "../hosting/file-parts.ts";
import type { FilePlaces, FileToWrite } from "../hosting/file-places.ts";
import type { HostedSource, Hosting, StoringHosting } from "../hosting/hosting.ts";
import { removeAbandoned } from "../hosting/remove-unused.ts";
import { type StoredFile, storeFile } from "../hosting/store-file.ts";
import type { Store } from "../store/open-store.ts";
import type { Database } from "../store/schema.ts";
import { checkChannel } from "./channel.ts";
import { insertVersion } from "./insert-version.ts";
import { versionName } from "./item-records.ts";

/** A published file. */
export interface PublishedVersion {
  readonly itemId: string;
  readonly versionId: string;
  readonly kind: "ipa" | "pkg";
  readonly metadata: AppMetadata;
  readonly channel: string;
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  /** Whether the same file had been published before; then only the channel was changed. */
  readonly wasKnown: boolean;
  readonly hosting: Hosting;
  /** Warnings about what would prevent devices from installing it. */
  readonly warnings: readonly PackageWarning[];
}

/** Options for publishing a file. */
export interface PublishOptions {
  readonly channel: string;
  /**
   * Where to host the file. By default, where the newest version of the item is; for the first version, in the origin,
   * or in the data folder if files cannot be stored in an origin. A file that was published before stays where it is; but
   * one that is too large for this hosting location is refused all the same.
   */
  readonly hosting?: StoringHosting | undefined;
  /** Called periodically with the number of bytes that have been copied. */
  readonly onProgress?: ((progress: { readonly copied: number; readonly size: number }) => void) | undefined;
}

/** What publishing uses. */
export interface PublishParts {
  readonly store: Store;
  readonly places: FilePlaces;
  /** In seconds. */
  readonly now: () => number;
  readonly recordChange: RecordChange;
}

/**
 * Publishes a file: copies and hashes it, reads its metadata, and makes it the version of a channel.
 *
 * The order makes it safe to stop at any moment: the copy is complete and on disk before it gets its place, and it has
 * its place before one transaction publishes it. Nobody can download a file that is left behind in between, since no
 * token is issued for it; it is used when the same file is published again.
 */
export async function publishFile(
  source: string,
  { channel, hosting, onProgress }: PublishOptions,
  parts: PublishParts,
): Promise<PublishedVersion> {
  const { places } = parts;
  checkChannel(channel);
  await readPackage(source); // before copying gigabytes of something that is not a package, such as a named pipe
  checkFits((await stat(source)).size, hosting);
  await removeAbandoned(places.incoming, parts.now());
  const copy = join(places.incoming, randomUUID());
  try {
    const { sha256, size } = await copyAndHash(source, copy, onProgress);
    return await publishCopy({ path: copy, sha256, size, name: source, channel, hosting }, parts);
  } finally {
    await rm(copy, { force: true });
  }
}

/**
 * Publishes a file that is already hosted elsewhere: it is read once, to be hashed and described, and not stored.
 *
 * @param largest - in bytes
 */
export async function publishHosted(
  source: HostedSource,
  { channel, largest = Number.POSITIVE_INFINITY }: { readonly channel: string; readonly largest?: number | undefined },
  parts: PublishParts,
): Promise<PublishedVersion> {
  checkChannel(channel);
  await removeAbandoned(parts.places.incoming, parts.now());
  return fetchHosted(source, parts.places, largest, (file) => publishCopy({ ...file, channel }, parts));
}

/** A complete file that is on disk. */
export interface CompleteCopy extends FileToWrite {
  /** The original name of the file. */
  readonly name: string;
  readonly channel: string;
  readonly hosting?: StoringHosting | undefined;
  /** Where it already is; if unset, it is stored. */
  readonly stored?: StoredFile | undefined;
}

/** Stores a copy at its hosting location if it is not there already, and makes it the version of a channel. */
export async function publishCopy(copy: CompleteCopy, parts: PublishParts): Promise<PublishedVersion> {
  const { path, sha256, size, name, channel } = copy;
  const { store, places, now, recordChange } = parts;
  checkChannel(channel);
  const { kind, metadata, build, warnings, profile } = await readPackage(path, { now });
  const icon = await readAppIcon(path);
  const hashes = await hashFile(path);
  const names = { ...metadata, ...(build !== undefined && { build }) };
  const known = await store.db
    .selectFrom("version")
    .select(["file_name", "hosting"])
    .where("sha256", "=", sha256)
    .executeTakeFirst();
  const fileName = known?.file_name ?? safeName(name, kind);
  const stored = await storeCopy();
  const facts = { kind, sha256, size, fileName, metadata: names, hashes, warnings, profile, icon, channel, stored };
  const published = await store.write(async (transaction) => {
    const inserted = await insertVersion(transaction, facts, Math.floor(now()));
    const version = versionName({ bundleVersion: String(names.bundleVersion), build });
    const detail = `${version} on ${channel}, hosting location ${inserted.hosting}`;
    await recordChange(transaction, { action: "item_published", subject: names.bundleIdentifier, detail });
    return inserted;
  });
  return { ...published, kind, metadata: names, channel, sha256, size, warnings };

  /** A file that was published before stays where it is; one missing from the data folder is stored there again. */
  async function storeCopy(): Promise<StoredFile | undefined> {
    if (known && known.hosting !== "data-folder") return undefined;
    if (copy.stored && !known) return copy.stored;
    const usual = (): Promise<StoringHosting> => usualHosting(store.db, kind, metadata.bundleIdentifier, places);
    return storeFile(copy, fileName, known ? "data-folder" : (copy.hosting ?? (await usual())), places);
  }
}

/** Where the newest version of the item is stored; for the first one, in the origin if there is one. */
async function usualHosting(
  db: Database,
  kind: "ipa" | "pkg",
  bundleIdentifier: string,
  { origin }: FilePlaces,
): Promise<StoringHosting> {
  const newest = await db
    .selectFrom("version")
    .innerJoin("item", "item.id", "version.item_id")
    .select("version.hosting")
    .where("item.kind", "=", kind)
    .where("item.bundle_identifier", "=", bundleIdentifier)
    .orderBy("number", "desc")
    .executeTakeFirst();
  if (newest && newest.hosting !== "web-server") return newest.hosting;
  return origin?.write ? "origin" : "data-folder";
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

/** A name that means the same in every URL, file system and log. */
function safeName(file: string, kind: "ipa" | "pkg"): string {
  const stem = parse(file)
    .name.replace(/[^A-Za-z0-9_]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 100);
  return `${stem === "" ? "app" : stem}.${kind}`;
}
