import { accessSync, constants, readdirSync, statSync } from "node:fs";
import type { Origin, RemoteOptions, RemoteOrigin } from "@portcullis/origin";
import { type DiskCache, type DiskCacheOptions, diskCache, folder } from "@portcullis/origin/node";
import type { OptionsOf } from "../../command-line/command.ts";
import { CommandError, failure, usageError } from "../../command-line/command-error.ts";
import type { Environment } from "../../command-line/context.ts";
import type { Log } from "../../decision-log/create-log.ts";
import { createOriginMetrics, type OriginMetrics } from "../../server/origin-metrics.ts";
import type { ServerTools } from "../../server/run-server.ts";
import { openStore, type StoreKind, sourceOptionNames, storeKind } from "./open-store.ts";
import type { serve } from "./serve.ts";

type ServeOptions = OptionsOf<typeof serve>;

/** Where `serve` takes the files from. */
export interface Source {
  /** For the first line of the log, such as `serving apps`. */
  readonly purpose: string;
  readonly warnings: readonly string[];
  createOrigin(tools: Pick<ServerTools, "log" | "metrics">): Origin;
}

/**
 * Opens the SOURCE of `serve`: a folder, or a bucket or web server that is checked first. A mistake ends the command; a
 * store that cannot be reached does not, because it may be back when the first request comes.
 */
export async function openSource(source: string, options: ServeOptions, env: Environment): Promise<Source> {
  const kind = storeKind(source);
  refuseOtherOptions(kind, options);
  if (kind === undefined) {
    checkFolder(source);
    return { purpose: `serving ${source}`, warnings: emptyWarning(source), createOrigin: () => folder(source) };
  }
  let metrics: OriginMetrics | undefined;
  const observed: RemoteOptions = { onExchange: (exchange) => metrics?.exchanged(exchange) };
  const store = await openStore(kind, source, options, env, observed);
  const warnings: string[] = [];
  const check = await store.check();
  if (check.outcome === "refused") throw failure(`${source}: ${check.problem}`);
  if (check.outcome !== "usable") warnings.push(`${source}: ${check.problem}`);
  return {
    purpose: `serving ${source}`,
    warnings,
    createOrigin(tools) {
      metrics = createOriginMetrics(tools.metrics.registry, options.cache !== undefined);
      return withCache(warnIfPublic(store, source, tools.log), options, tools.log, metrics);
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

/** The first object that is served is requested without credentials too: if that succeeds, the gate protects nothing. */
function warnIfPublic(store: RemoteOrigin, source: string, log: Log): Origin {
  let isChecked = false;
  return {
    async open(name, openOptions) {
      const object = await store.open(name, openOptions);
      if (object.found && !isChecked) {
        isChecked = true;
        void store.isPublic(object.name).then((isPublic) => {
          if (isPublic) log.warn(`${source} gives its files to everybody, without the gate: make it private`);
        });
      }
      return object;
    },
  };
}

/** An option that would have no effect is a mistake. */
function refuseOtherOptions(kind: StoreKind | undefined, options: ServeOptions): void {
  const given = Object.entries(sourceOptionNames).filter(([name]) => Boolean(options[name as keyof ServeOptions]));
  for (const [, { flag, kinds }] of given) {
    if (kind === undefined || !kinds.includes(kind)) {
      throw usageError(
        `${flag} has no effect on this SOURCE`,
        `It is for ${kinds.map((one) => `${one}://`).join(", ")}`,
      );
    }
  }
}

function checkFolder(path: string): void {
  try {
    if (!statSync(path).isDirectory()) {
      throw failure(`${path} is not a folder`, "Pass the folder that contains the files");
    }
    accessSync(path, constants.R_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw failure(`there is no folder ${path}`, "Pass the folder that contains the files");
    if (code !== "EACCES") throw failure(`${path}: ${message}`);
    throw failure(
      `${path} cannot be read by the user that this runs as`,
      `Let that user read and enter it and the folders above it: chmod o+rx ${path}`,
    );
  }
}

function emptyWarning(path: string): string[] {
  const isEmpty = readdirSync(path).every((name) => name.startsWith("."));
  return isEmpty ? [`${path} is empty; what is put into it can be downloaded at once`] : [];
}
