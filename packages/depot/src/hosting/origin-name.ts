import { depotError } from "../depot-error.ts";
import type { Database } from "../store/schema.ts";
import { deleteSetting, readSetting, writeSetting } from "../store/settings.ts";
import type { DepotOrigin } from "./file-places.ts";

const setting = "origin";

/** Records which origin a depot serves files from. An empty name means no origin; no record, an origin without a name. */
export async function recordOriginName(
  db: Database,
  { origin, originName }: { readonly origin?: DepotOrigin | undefined; readonly originName?: string | undefined },
): Promise<void> {
  if (originName === undefined && origin !== undefined) await deleteSetting(db, setting);
  else await writeSetting(db, setting, originName ?? "");
}

/**
 * Throws `origin_differs` if the depot was last started with another origin; before its first start, or if its origin
 * had no name, any origin is accepted.
 */
export async function checkOriginName(db: Database, name: string | undefined): Promise<void> {
  const served = name === undefined ? undefined : await readSetting(db, setting);
  if (served === undefined || served === name) return;
  if (served === "") {
    throw depotError(
      "origin_differs",
      "the depot was started without an origin, and would not serve files from this one",
      "Start it with the same --origin, or leave --origin out",
    );
  }
  throw depotError(
    "origin_differs",
    `the depot serves files from another origin: ${served}`,
    "Pass the --origin with which the depot is started, or restart the depot with this one",
  );
}
