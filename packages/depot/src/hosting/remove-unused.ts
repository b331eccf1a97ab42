import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Store } from "../store/schema.ts";
import type { FilePlaces } from "./file-places.ts";

/**
 * How long, in seconds, a file stays in the data folder without a version that leads to it: a publication might be in
 * progress, or a recent backup of the database might refer to it.
 */
const day = 86_400;

/**
 * Removes what is no longer needed: copies that a process left behind when it was killed, and files of the data folder
 * that are hosted elsewhere now, or were never published.
 *
 * @param now - seconds since 1970
 */
export async function removeUnused(store: Store, places: FilePlaces, now: number): Promise<void> {
  await removeAbandoned(places.incoming, now);
  for (const sha256 of await readdir(places.files)) {
    const path = join(places.files, sha256);
    if (!/^[0-9a-f]{64}$/.test(sha256) || !(await isOld(path, now)) || (await isUsed(store.db, sha256, now))) continue;
    // Nothing is published in the meantime: a publication makes sure in its own transaction that the file is there.
    await store.write(async (transaction) => {
      if (await isUsed(transaction, sha256, now)) return;
      await rm(path, { recursive: true, force: true });
    });
  }
}

/**
 * Removes copies, and the folders of uploads by a form. A copy that cannot be removed must not prevent others from
 * publishing.
 */
export async function removeAbandoned(incoming: string, now: number): Promise<void> {
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name);
    if (await isOld(path, now)) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

async function isOld(path: string, now: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && now - found.mtimeMs / 1000 > day;
}

/** Whether a version leads to it, or did so within the last day. */
async function isUsed(db: Store["db"], sha256: string, now: number): Promise<boolean> {
  const version = await db
    .selectFrom("version")
    .select(["hosting", "hosted_at"])
    .where("sha256", "=", sha256)
    .executeTakeFirst();
  return version !== undefined && (version.hosting === "data-folder" || now - version.hosted_at <= day);
}
