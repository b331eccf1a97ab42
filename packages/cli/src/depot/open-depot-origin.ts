import { realpathSync } from "node:fs";
import type { RemoteOptions, RemoteOrigin, WritableOrigin } from "@portcullis/origin";
import { folder } from "@portcullis/origin/node";
import { usageError } from "../command-line/command-error.ts";
import type { Environment } from "../command-line/context.ts";
import { dashedName, type OptionValues } from "../command-line/option.ts";
import { checkFolder } from "../origin/check-folder.ts";
import { openStore, refuseOtherOptions, storeEndpoint, storeKind } from "../origin/open-remote-origin.ts";
import { originOptionTable } from "../origin/origin-option-table.ts";
import type { depotOriginOptionTable } from "./data-option.ts";

/** The options that specify the origin of a depot. */
export type DepotOriginOptions = OptionValues<typeof depotOriginOptionTable>;

/** The origin of a depot, if it has one, in the form that `openDepot` takes. */
export interface OpenedDepotOrigin {
  readonly origin?: WritableOrigin | (RemoteOrigin & Partial<WritableOrigin>);
  readonly originName?: string;
}

/** Opens the origin of a depot. */
export async function openDepotOrigin(
  options: DepotOriginOptions,
  env: Environment,
  observed: RemoteOptions = {},
): Promise<OpenedDepotOrigin> {
  const { origin: source } = options;
  if (source === undefined) {
    const names = Object.keys(originOptionTable) as (keyof typeof originOptionTable)[];
    const lone = names.find((name) => options[name] !== undefined);
    if (lone !== undefined) throw usageError(`--${dashedName(lone)} has no effect without --origin`);
    return {};
  }
  const kind = storeKind(source);
  refuseOtherOptions(kind, options);
  if (kind !== undefined) {
    const origin = await openStore(kind, source, options, env, observed);
    const endpoint = storeEndpoint(kind, options, env);
    // Buckets of different services can have the same name. An endpoint with credentials has been refused.
    const where = endpoint === undefined ? "" : ` at ${withoutSlash(endpoint)}`;
    return { origin, originName: withoutSlash(source) + where };
  }
  checkFolder(source);
  return { origin: folder(source), originName: realpathSync(source) };
}

function withoutSlash(url: string): string {
  return url.endsWith("/") ? url.slice(0, -1) : url;
}
