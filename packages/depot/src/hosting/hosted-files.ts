import type { Missing, OpenOptions, Origin, OriginObject } from "@portcullis/origin";
import { folder } from "@portcullis/origin/node";
import type { Database, VersionRow } from "../store/schema.ts";
import { readParts } from "./file-parts.ts";
import type { FilePlaces } from "./file-places.ts";
import { openOnWebServer } from "./web-server.ts";

/** Where the file of a version is. */
export type HostedVersion = Pick<
  VersionRow,
  "sha256" | "file_name" | "size" | "published_at" | "hosting" | "address" | "validator"
>;

/** Opens the file of a version, wherever it is. */
export async function openHosted(
  version: HostedVersion,
  db: Database,
  places: FilePlaces,
  options?: OpenOptions,
): Promise<OriginObject | Missing> {
  const { sha256, file_name, address } = version;
  if (version.hosting === "data-folder") return folder(places.files).open(`${sha256}/${file_name}`, options);
  if (version.hosting === "database") return openParts(version, db);
  if (version.hosting === "web-server") return checkVersion(await openOnWebServer(address ?? "", places), version);
  if (places.origin) return checkVersion(await places.origin.open(address ?? "", options), version);
  return { found: false, status: 503, problem: "the file is in an origin, but the depot was started without --origin" };
}

/**
 * The files below `/f/`, found by the SHA-256 in their names. The data folder comes first: a file there needs no
 * database, and is always the one that its name says.
 */
export function createHostedFiles(db: Database, places: FilePlaces): Origin {
  const local = folder(places.files);
  /**
   * Versions that were served recently: while the database is unavailable, their files in the origin are still served.
   */
  const known = new Map<string, HostedVersion>();

  async function find(sha256: string): Promise<HostedVersion | undefined> {
    try {
      const version = await db
        .selectFrom("version")
        .select(["sha256", "file_name", "size", "published_at", "hosting", "address", "validator"])
        .where("sha256", "=", sha256)
        .executeTakeFirst();
      if (known.size >= mostKnown) known.clear();
      if (version) known.set(sha256, version);
      return version;
    } catch (error) {
      const version = known.get(sha256);
      if (version) return version;
      throw error;
    }
  }

  return {
    async open(name, options) {
      if (!name.startsWith("f/")) return notFound;
      const below = name.slice(2);
      const found = await local.open(below, options);
      if (found.found || found.status !== 404) return found;
      const [sha256 = "", fileName, ...more] = below.split("/");
      if (!/^[0-9a-f]{64}$/.test(sha256) || more.length > 0) return found;
      try {
        const version = await find(sha256);
        // A file on a web server is served by that server only.
        if (version?.file_name !== fileName || version?.hosting === "web-server") return found;
        if (!version || version.hosting === "data-folder") return found;
        const object = await openHosted(version, db, places, options);
        return object.found ? { ...object, name } : object;
      } catch (error) {
        return { found: false, status: 503, problem: (error as Error).message };
      }
    },
  };
}

const mostKnown = 1000;
const notFound: Missing = { found: false, status: 404 };

function openParts({ sha256, file_name, size, validator }: HostedVersion, db: Database): OriginObject {
  return {
    found: true,
    name: `${sha256}/${file_name}`,
    size,
    etag: validator ?? undefined,
    modified: undefined,
    read: (range) => readParts(db, sha256, range),
    close() {},
  };
}

/** A device has the hashes of the published file and would refuse any other file; the problem says why. */
function checkVersion(object: OriginObject | Missing, { size, validator }: HostedVersion): OriginObject | Missing {
  if (!object.found) return object;
  if (object.size === size && validatorOf(object) === validator) return object;
  object.close();
  return { found: false, status: 502, problem: "the file has been replaced since it was published: publish it again" };
}

/** What distinguishes a version of an object from the next: its entity tag, or else its date. */
export function validatorOf({ etag, modified }: OriginObject): string | null {
  return etag ?? modified?.toUTCString() ?? null;
}
