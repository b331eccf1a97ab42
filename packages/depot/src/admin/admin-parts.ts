import type { Hono } from "hono";
import type { ApiTokens } from "../api-token/api-tokens.ts";
import type { Actor } from "../audit/audit.ts";
import type { Configuration } from "../configuration/configuration.ts";
import type { FilePlaces } from "../hosting/file-places.ts";
import type { HostedSource } from "../hosting/hosting.ts";
import type { HostingChanges } from "../hosting/hosting-changes.ts";
import type { Items } from "../item/items.ts";
import type { PublishedVersion, PublishOptions } from "../item/publish.ts";
import type { Links } from "../link/links.ts";
import type { Receipts } from "../receipt/receipts.ts";
import type { Administrator } from "../sign-in/administrator.ts";
import type { BearerTokens } from "../sign-in/bearer-tokens.ts";
import type { Database } from "../store/schema.ts";
import type { Uploads } from "../upload/uploads.ts";
import type { AdminEnvironment } from "./admin-environment.ts";

/** What an actor can change in items, links and API tokens; each change is in the audit log. */
export interface Changes {
  readonly items: Items;
  readonly links: Links;
  readonly apiTokens: ApiTokens;
  readonly hosting: HostingChanges;
  publish(file: string, options: PublishOptions): Promise<PublishedVersion>;
  /** Publishes a file that is already on a web server or in the depot's origin. */
  publishHosted(source: HostedSource, options: { readonly channel: string }): Promise<PublishedVersion>;
}

/** What the administration pages show and change. */
export interface AdminParts {
  readonly db: Database;
  readonly administrator: Administrator;
  readonly bearerTokens: BearerTokens;
  readonly receipts: Receipts;
  /** Its folder `incoming` is for uploads that are not complete yet. */
  readonly places: FilePlaces;
  readonly uploads: Uploads;
  /** The scheme, host and port at which clients reach the depot. */
  readonly publicUrl: string;
  /** Seconds since 1970. */
  readonly now: () => number;
  /** The API for programs, below `/api`. */
  readonly api: Hono<AdminEnvironment>;
  configurationFor(actor: Actor): Configuration;
  changesOf(actor: Actor): Changes;
}
