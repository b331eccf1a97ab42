import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Origin } from "@portcullis/origin";
import type { Hono } from "hono";
import type { AdminAppOptions } from "./admin/admin-app.tsx";
import type { AdminEnvironment } from "./admin/admin-environment.ts";
import type { Changes } from "./admin/admin-parts.ts";
import { type ApiTokens, createApiTokens } from "./api-token/api-tokens.ts";
import { createApp } from "./app.ts";
import type { AppBindings } from "./app-bindings.ts";
import { type Actor, recordChanges } from "./audit/audit.ts";
import { type Configuration, createConfiguration } from "./configuration/configuration.ts";
import type { DataKey } from "./configuration/data-key.ts";
import { createDepotGate, type DepotGate } from "./configuration/depot-gate.ts";
import { reloadingGate } from "./configuration/reloading-gate.ts";
import { depotError } from "./depot-error.ts";
import type { DepotOrigin, FilePlaces } from "./hosting/file-places.ts";
import { createHostedFiles } from "./hosting/hosted-files.ts";
import type { HostedSource } from "./hosting/hosting.ts";
import { createHostingChanges, type HostingChanges } from "./hosting/hosting-changes.ts";
import { checkOriginName, recordOriginName } from "./hosting/origin-name.ts";
import { removeUnused } from "./hosting/remove-unused.ts";
import { checkWebServer } from "./hosting/web-server.ts";
import { createItems, type Items } from "./item/items.ts";
import { type PublishedVersion, type PublishOptions, publishFile, publishHosted } from "./item/publish.ts";
import { installPageUrl, manifestUrl } from "./link/link-urls.ts";
import { createLinks, type Links } from "./link/links.ts";
import { createManifests } from "./manifest/manifest.ts";
import { createReceipts, type Receipts } from "./receipt/receipts.ts";
import { type Administrator, createAdministrator } from "./sign-in/administrator.ts";
import { createBearerTokens } from "./sign-in/bearer-tokens.ts";
import { openStore } from "./store/open-store.ts";
import { readSetting, writeSetting } from "./store/settings.ts";

/** The data of a depot, for commands: no key is needed, and no server runs. */
export interface Depot {
  readonly items: Items;
  readonly links: Links;
  readonly receipts: Receipts;
  readonly apiTokens: ApiTokens;
  readonly hosting: HostingChanges;
  publish(file: string, options: PublishOptions): Promise<PublishedVersion>;
  /** Publishes a file that is already on a web server or in the depot's origin: it is read once, and not stored. */
  publishHosted(source: HostedSource, options: { readonly channel: string }): Promise<PublishedVersion>;
  /** The configuration; it needs the key that encrypts the private key. */
  configurationWith(dataKey: DataKey): Configuration;
  /** The public URL with which a depot was last started on this data. */
  publicUrl(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** What serves links and files of a depot. */
export interface DepotServer extends Depot {
  readonly configuration: Configuration;
  /** The gate for requests below `/f/`. */
  readonly gate: DepotGate;
  /** The published files; the names begin with `f/`, as the paths of their URLs do. */
  readonly files: Origin;
  /** Everything else: its `fetch` needs {@link AppBindings}. */
  readonly app: Hono<{ Bindings: AppBindings }>;
  /** Removes copies that were left behind, and files that no version leads to, after a day. */
  removeUnused(): Promise<void>;
  readonly administrator: Pick<Administrator, "exists" | "createSetupLink">;
  /** Creates the administration pages, for a listener of their own: their `fetch` needs {@link AdminBindings}. */
  createAdminApp(options: AdminAppOptions): Promise<Hono<AdminEnvironment>>;
}

/** Where the data is. */
export interface DepotOptions {
  /** A folder for the depot alone; created if it is missing. */
  readonly data: string;
  /** The URL of a PostgreSQL database; if unset, SQLite in the data folder. Several depots can share it. */
  readonly database?: string | undefined;
  /** Where files can be hosted besides the data folder and the database; default nowhere. */
  readonly origin?: DepotOrigin | undefined;
  /**
   * The name of the origin, without credentials. Files that a command stores in an origin other than the one that the
   * depot was last started with would never be served, so `origin_differs` is thrown. If unset, this is not checked.
   */
  readonly originName?: string | undefined;
  /** The key that encrypts the private key: with it, files on web servers are requested with a token. */
  readonly dataKey?: DataKey | undefined;
  /** Who makes the changes, for the audit log. Default `"program"`. */
  readonly actor?: string | undefined;
  /** The clock, in seconds since 1970. */
  readonly now?: (() => number) | undefined;
}

/** How clients reach a depot. */
export interface DepotServerOptions extends DepotOptions {
  readonly dataKey: DataKey;
  /** The URL at which clients reach it: `https://`, a host, and a port if it is not 443. */
  readonly publicUrl: string;
  /**
   * The web servers that files can be taken from with the administration pages and the API, each `https://` and a host;
   * default none. Nothing else can make the depot send requests.
   */
  readonly webServers?: readonly string[] | undefined;
}

const defaultActor = "program";
const publicUrlSetting = "public_url";

/**
 * Opens the data of a depot, to publish files and manage links. Several processes can do so at the same time.
 *
 * @example
 * const depot = await openDepot({ data: "/var/lib/portcullis" });
 * const { metadata } = await depot.publish("build/App.ipa", { channel: "beta" });
 * const { secret } = await depot.links.create({ item: metadata.bundleIdentifier, channel: "beta", recipient: "iPad 0117" });
 * console.log(manifestUrl("https://apps.example", secret));
 */
export async function openDepot(options: DepotOptions): Promise<Depot> {
  const { depot, store } = await open(options);
  await checkOriginName(store.db, options.originName).catch(async (error: unknown) => {
    await depot.close();
    throw error;
  });
  return depot;
}

/** Opens a depot that serves its links and files; creates a configuration with a new key if it has none yet. */
export async function openDepotServer(options: DepotServerOptions): Promise<DepotServer> {
  const { dataKey, actor = defaultActor, now = currentTime } = options;
  const publicUrl = checkPublicUrl(options.publicUrl);
  const webServers = (options.webServers ?? []).map(checkWebServer);
  const { depot, store, places, changesOf } = await open({ ...options, webServers });
  try {
    const first = createConfiguration(store, dataKey, now, recordChanges({ name: "depot" }, now));
    await first.createFirst();
    const gate = await createDepotGate(first, now);
    const configurationFor = (actor: Actor): Configuration =>
      reloadingGate(createConfiguration(store, dataKey, now, recordChanges(actor, now)), gate);
    const configuration = configurationFor({ name: actor });
    const administrator = createAdministrator(store, now);
    await writeSetting(store.db, publicUrlSetting, publicUrl);
    await recordOriginName(store.db, options);
    const parts = { db: store.db, receipts: depot.receipts, configuration, publicUrl, now };
    return {
      ...depot,
      configuration,
      gate,
      files: createHostedFiles(store.db, places),
      removeUnused: () => removeUnused(store, places, now()),
      app: createApp(createManifests(parts), { db: store.db, publicUrl, now, ...gate }),
      administrator,
      createAdminApp: async (adminOptions) => {
        // Loaded only if there are pages, because loading their libraries takes time.
        const [{ createAdminApp }, { createApi }, { createUploads }] = await Promise.all([
          import("./admin/admin-app.tsx"),
          import("./api/api.ts"),
          import("./upload/uploads.ts"),
        ]);
        const uploads = createUploads(
          { folder: join(options.data, "uploads"), largest: adminOptions.largestUpload },
          { store, places, now },
        );
        const linksOf = (who: Actor): Links => changesOf(who).links;
        const { apiTokens, receipts } = depot;
        const api = createApi({
          ...{ apiTokens, linksOf, uploads },
          publishHosted: (source, channel, who) => changesOf(who).publishHosted(source, { channel }),
          manifestUrl: (secret) => manifestUrl(publicUrl, secret),
          installPageUrl: (secret) => installPageUrl(publicUrl, secret),
          publicationAbandoned: adminOptions.workAbandoned ?? (() => {}),
        });
        const bearerTokens = createBearerTokens(store, administrator, now);
        const shown = { db: store.db, administrator, bearerTokens, receipts, places, uploads, publicUrl, now };
        return createAdminApp({ ...shown, configurationFor, changesOf, api }, adminOptions);
      },
    };
  } catch (error) {
    await depot.close();
    throw error;
  }
}

async function open(options: DepotOptions & { readonly webServers?: readonly string[] }) {
  const { data, database, origin, dataKey, webServers, actor = defaultActor, now = currentTime } = options;
  const [files, incoming] = [join(data, "files"), join(data, "incoming")];
  for (const path of [data, files, incoming]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const store = await openStore(database === undefined ? { file: join(data, "depot.db") } : { url: database });
  const configurationOf = (key: DataKey, who: Actor): Configuration =>
    createConfiguration(store, key, now, recordChanges(who, now));
  const addToken = dataKey && addTokenOf(configurationOf(dataKey, { name: actor }));
  const places: FilePlaces = { files, incoming, origin, webServers, addToken };
  const changesOf = (who: Actor): Changes => {
    const recordChange = recordChanges(who, now);
    const parts = { store, places, now, recordChange };
    return {
      items: createItems(store, now, recordChange),
      links: createLinks(store, now, recordChange),
      apiTokens: createApiTokens(store, now, recordChange),
      hosting: createHostingChanges(parts),
      publish: (file, options) => publishFile(file, options, parts),
      publishHosted: (source, options) => publishHosted(source, options, parts),
    };
  };
  const depot: Depot = {
    ...changesOf({ name: actor }),
    receipts: createReceipts(store, now),
    configurationWith: (key) => configurationOf(key, { name: actor }),
    publicUrl: () => readSetting(store.db, publicUrlSetting),
    close: store.close,
  };
  return { depot, store, places, changesOf };
}

/** Checks a public URL and returns it without a slash at its end. */
export function checkPublicUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // With a path, a proxy would have to remove it, but tokens are bound to the path that clients request.
  if (url?.protocol === "https:" && url.href === `${url.origin}/`) return url.origin;
  throw depotError(
    "public_url_invalid",
    "the public URL must be https://HOST or https://HOST:PORT, with nothing after it",
    "For example: https://apps.example. Devices accept only https",
  );
}

/** Requests a file on a web server as a device does; without a token while none are issued. */
function addTokenOf(configuration: Configuration): (url: string) => Promise<string> {
  return async (url) => {
    const found = await configuration.read();
    return found?.enabled ? (await configuration.issuer()).downloadUrl(url) : url;
  };
}

function currentTime(): number {
  return Date.now() / 1000;
}
