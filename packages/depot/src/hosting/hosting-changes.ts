import { join } from "node:path";
import type { Missing } from "@portcullis/origin";
import type { RecordChange } from "../audit/audit.ts";
import { type DepotErrorCode, depotError, isDepotError } from "../depot-error.ts";
import { findItem } from "../item/find-item.ts";
import { namesOf, versionName } from "../item/item-records.ts";
import type { Store } from "../store/open-store.ts";
import type { Database, ItemRow, VersionRow } from "../store/schema.ts";
import { copied, fetchHosted } from "./fetch-hosted.ts";
import { checkFits, deleteParts } from "./file-parts.ts";
import type { FilePlaces, FileToWrite } from "./file-places.ts";
import { openHosted } from "./hosted-files.ts";
import type { Hosting, HostingChoice } from "./hosting.ts";
import { type StoredFile, storeFile } from "./store-file.ts";
import { isPublic } from "./web-server.ts";

/** Where the file of a version is. */
export interface HostedVersionRecord {
  readonly versionId: string;
  readonly hosting: Hosting;
  /** The name of the object in the origin, or the URL on the web server. */
  readonly address: string | undefined;
}

/** Whether the file of a version can be downloaded from where it is. */
export interface HostingCheck extends HostedVersionRecord {
  /** What is wrong; `undefined` if it is the file that was published. */
  readonly problem: string | undefined;
}

/** Where the files of items are. An item is named by its bundle identifier or its ID. */
export interface HostingChanges {
  /**
   * Moves the file of one version, or of all; resolves with those that were moved. Links stay the same, and downloads
   * in progress continue or, if they came from the database, start again.
   *
   * Files that were in the data folder are removed a day later, so that a backup in progress is complete. Nothing is
   * removed from an origin or a web server.
   */
  change(item: string, choice: HostingChoice, versionId?: string): Promise<readonly HostedVersionRecord[]>;
  /** Opens the file of each version where it is, as a download would. */
  check(item: string): Promise<readonly HostingCheck[]>;
}

/** What the changes are made with. */
export interface HostingParts {
  readonly store: Store;
  readonly places: FilePlaces;
  /** Seconds since 1970. */
  readonly now: () => number;
  readonly recordChange: RecordChange;
}

/** Creates the functions that move and check files. */
export function createHostingChanges({ store, places, now, recordChange }: HostingParts): HostingChanges {
  async function move(item: ItemRow, version: VersionRow, choice: HostingChoice): Promise<HostedVersionRecord> {
    return withFile(version, choice, store.db, places, async (stored) =>
      store.write(async (transaction) => {
        const current = await findVersion(transaction, version.id);
        if (current.hosted_at !== version.hosted_at || current.hosting !== version.hosting) throw movedMeanwhile();
        if (current.hosting === "database") await deleteParts(transaction, version.sha256);
        await stored.commit(transaction);
        const { hosting, address, validator } = stored;
        const set = { hosting, address, validator, hosted_at: Math.floor(now()) };
        await transaction.updateTable("version").set(set).where("id", "=", version.id).execute();
        const name = versionName(namesOf(version.metadata));
        const detail = `${name} from ${version.hosting} to ${hosting}${address === null ? "" : `, ${address}`}`;
        await recordChange(transaction, { action: "hosting_changed", subject: item.bundle_identifier, detail });
        return recordOf({ ...version, ...set });
      }),
    );
  }

  return {
    async change(name, choice, versionId) {
      const item = await findItem(store.db, name);
      const versions = await versionsOf(store.db, item.id);
      const chosen = versionId === undefined ? versions : versions.filter(({ id }) => id === versionId);
      if (chosen.length === 0) {
        const problem = `${item.bundle_identifier} has no version with the ID ${versionId}`;
        throw depotError("version_unknown", problem, "List its versions: portcullis item versions");
      }
      if (chosen.length > 1 && isOneFile(choice)) {
        throw depotError(
          "hosting_impossible",
          `${item.bundle_identifier} has ${chosen.length} versions, and this is the file of one of them`,
          "Pass the ID of its version. To list the IDs: portcullis item versions",
        );
      }
      const moved: HostedVersionRecord[] = [];
      for (const version of chosen) {
        if (version.hosting !== choice.hosting || isOneFile(choice)) moved.push(await move(item, version, choice));
      }
      return moved;
    },
    async check(name) {
      const { id } = await findItem(store.db, name);
      const checks: HostingCheck[] = [];
      for (const version of await versionsOf(store.db, id)) {
        checks.push({ ...recordOf(version), problem: await problemOf(version, store.db, places) });
      }
      return checks;
    },
  };
}

/** Copies the file of a version to another location, or reads the one that is already there. */
async function withFile<Result>(
  version: VersionRow,
  choice: HostingChoice,
  db: Database,
  places: FilePlaces,
  use: (stored: StoredFile) => Promise<Result>,
): Promise<Result> {
  const { sha256, size, file_name } = version;
  const checkHash = (file: FileToWrite, what: string): void => {
    if (file.sha256 !== sha256) throw refuse("file_changed", `${what} is not the one that was published`);
  };
  if (choice.hosting === "web-server" || (choice.hosting === "origin" && choice.object !== undefined)) {
    const source = choice.hosting === "origin" ? { ...choice, object: choice.object ?? "" } : choice;
    return fetchHosted(source, places, size, (file) => {
      checkHash(file, "the file there");
      return use(file.stored);
    });
  }
  const { hosting } = choice;
  checkFits(size, hosting);
  const store = async (path: string): Promise<Result> =>
    use(await storeFile({ path, sha256, size }, file_name, hosting, places));
  if (version.hosting === "data-folder") return store(join(places.files, sha256, file_name));
  const object = await openHosted(version, db, places);
  if (!object.found) throw unavailable(object);
  return copied(object, places.incoming, size, (file) => {
    checkHash(file, "the file where it is hosted");
    return store(file.path);
  });
}

async function problemOf(version: VersionRow, db: Database, places: FilePlaces): Promise<string | undefined> {
  try {
    const object = await openHosted(version, db, places);
    if (!object.found) return unavailable(object).message;
    object.close();
    if (!(await isOpenToEverybody(version, places))) return undefined;
    return `the ${version.hosting === "origin" ? "origin" : "web server"} serves the file to anyone, even without a token`;
  } catch (error) {
    if (isDepotError(error)) return error.message;
    throw error;
  }
}

async function isOpenToEverybody({ hosting, address }: VersionRow, places: FilePlaces): Promise<boolean> {
  if (hosting === "web-server") return isPublic(address ?? "", places);
  return hosting === "origin" && ((await places.origin?.isPublic?.(address ?? "")) ?? false);
}

function unavailable({ status, problem }: Missing): Error {
  return refuse("file_unavailable", problem ?? (status === 404 ? "the file is not there" : "it is not available"));
}

function movedMeanwhile(): Error {
  return refuse("hosting_impossible", "the file has been moved by someone else in the meantime");
}

function refuse(code: DepotErrorCode, message: string): Error {
  return depotError(code, message);
}

function isOneFile(choice: HostingChoice): boolean {
  return choice.hosting === "web-server" || (choice.hosting === "origin" && choice.object !== undefined);
}

function recordOf({ id, hosting, address }: VersionRow): HostedVersionRecord {
  return { versionId: id, hosting, address: address ?? undefined };
}

function versionsOf(db: Database, itemId: string): Promise<VersionRow[]> {
  return db.selectFrom("version").selectAll().where("item_id", "=", itemId).orderBy("number", "desc").execute();
}

function findVersion(db: Database, id: string): Promise<VersionRow> {
  return db.selectFrom("version").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
}
