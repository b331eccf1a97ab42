import { readdirSync } from "node:fs";
import type { Origin, RemoteOptions } from "@portcullis/origin";
import { type DiskCache, type DiskCacheOptions, diskCache, folder } from "@portcullis/origin/node";
import type { OptionsOf } from "../../command-line/command.ts";
import { failure } from "../../command-line/command-error.ts";
import type { Environment } from "../../command-line/context.ts";
import type { Log } from "../../decision-log/create-log.ts";
import { checkFolder } from "../../origin/check-folder.ts";
import { checkRemoteOrigin } from "../../origin/check-remote-origin.ts";
import { openStore, refuseOtherOptions, storeKind, storeKinds } from "../../origin/open-remote-origin.ts";
import { createOriginMetrics, type OriginMetrics } from "../../server/origin-metrics.ts";
import type { ServerTools } from "../../server/run-server.ts";
import type { serve } from "./serve.ts";

type ServeOptions = OptionsOf<typeof serve>;

/** Where `serve` gets its files. */
export interface Source {
  /** For the first line of the log, such as `serving apps`. */
  readonly purpose: string;
  readonly warnings: readonly string[];
  createOrigin(tools: Pick<ServerTools, "log" | "metrics">): Origin;
}

const cacheOptions = { cache: storeKinds, cacheRefresh: storeKinds, cacheFreshOnly: storeKinds };

/** Opens the SOURCE of `serve`: a folder, or a bucket or web server that is checked first. */
export async function openSource(source: string, options: ServeOptions, env: Environment): Promise<Source> {
  const kind = storeKind(source);
  refuseOtherOptions(kind, options, cacheOptions);
  if (kind === undefined) {
    checkFolder(source);
    return { purpose: `serving ${source}`, warnings: emptyWarning(source), createOrigin: () => folder(source) };
  }
  let metrics: OriginMetrics | undefined;
  let log: Log | undefined;
  const observed: RemoteOptions = { onExchange: (exchange) => metrics?.exchanged(exchange) };
  const store = await openStore(kind, source, options, env, observed);
  const { checked, warnings } = await checkRemoteOrigin(store, source, (warning) => log?.warn(warning));
  return {
    purpose: `serving ${source}`,
    warnings,
    createOrigin(tools) {
      log = tools.log;
      metrics = createOriginMetrics(tools.metrics.registry, options.cache !== undefined);
      return withCache(checked, options, tools.log, metrics);
    },
  };
}

function withCache(origin: Origin, options: ServeOptions, log: Log, metrics: OriginMetrics): Origin {
  if (options.cache === undefined) return origin;
  const cache = openCache(origin, {
    folder: options.cache,
    maxBytes: options.cacheSize * 1e9,
    checkInterval: options.cacheRefresh * 1000,
    serveStale: !options.cacheFreshOnly,
    onEvent(event) {
      if (event.kind === "problem") log.warn(event.problem);
      else metrics.cacheEvent(event.kind);
    },
  });
  metrics.measureCache(() => cache.storedBytes());
  return cache;
}

function openCache(origin: Origin, options: DiskCacheOptions): DiskCache {
  try {
    return diskCache(origin, options);
  } catch (error) {
    throw failure(`--cache: ${(error as Error).message}`);
  }
}

function emptyWarning(path: string): string[] {
  const isEmpty = readdirSync(path).every((name) => name.startsWith("."));
  return isEmpty ? [`${path} is empty; files that are put into it can be downloaded immediately`] : [];
}
