import { isIssuerError } from "@portcullis/issuer";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { AdminEnvironment } from "../admin/admin-environment.ts";
import type { ApiTokens } from "../api-token/api-tokens.ts";
import type { Actor } from "../audit/audit.ts";
import { type DepotErrorCode, isDepotError } from "../depot-error.ts";
import { checkFits } from "../hosting/file-parts.ts";
import type { HostedSource, StoringHosting } from "../hosting/hosting.ts";
import type { PublishedVersion } from "../item/publish.ts";
import type { Links } from "../link/links.ts";
import { isDiskFull } from "../store/disk-full.ts";
import type { Uploads } from "../upload/uploads.ts";
import { createLongWork } from "./long-work.ts";

/** What the API needs. */
export interface ApiParts {
  readonly apiTokens: Pick<ApiTokens, "find">;
  linksOf(actor: Actor): Links;
  readonly uploads: Uploads;
  publishHosted(source: HostedSource, channel: string, actor: Actor): Promise<PublishedVersion>;
  /** The URL of the manifest of a link. */
  manifestUrl(secret: string): string;
  /** The URL of the page on which a person installs what it leads to. */
  installPageUrl(secret: string): string;
  /** How long a request waits for a publication, in milliseconds; default 20 seconds. */
  readonly longestWait?: number | undefined;
  /** Called with the error of a publication that failed a minute ago, if its client has left. */
  readonly publicationAbandoned: (error: Error) => void;
}

type Fields = Readonly<Record<string, unknown>>;

/** Where the API is on the listener of the administration pages. */
export const apiPath = "/api";

const longestBody = 16 * 1024;

/** Creates the API for programs, such as a CI job, each with a token of its own. */
export function createApi({
  apiTokens,
  linksOf,
  uploads,
  publishHosted,
  manifestUrl,
  installPageUrl,
  longestWait,
  publicationAbandoned,
}: ApiParts): Hono<AdminEnvironment> {
  const api = new Hono<AdminEnvironment>();
  const publications = createLongWork<PublishedVersion>({ longestWait, abandoned: publicationAbandoned });

  api.use(async (context, next) => {
    const [, token = ""] = /^Bearer +(\S+)$/i.exec(context.req.header("Authorization") ?? "") ?? [];
    const found = await apiTokens.find(token);
    if (!found) {
      return problem(401, "api_token_invalid", "The API token is missing, unknown, expired or revoked.", {
        "WWW-Authenticate": "Bearer",
      });
    }
    context.set("actor", { name: `API token ${found.name}`, address: context.env.address });
    await next();
  });

  for (const path of ["/uploads", "/uploads/:id"]) {
    api.all(path, ({ req, env }) => {
      env.allowUpload();
      return uploads.handle(req.raw);
    });
  }

  api.use(bodyLimit({ maxSize: longestBody, onError: () => problem(413, "body_too_large", "The body is too large.") }));

  /**
   * Publishes a complete upload, or a file from where it is hosted: on a web server, or in the depot's origin. While
   * that is in progress, the response is 202, and the client repeats the request.
   */
  api.post("/versions", async (context) => {
    const { signal } = context.req.raw;
    const fields = await readFields(context.req.raw);
    const { actor } = context.var;
    const publish = readPublication(fields, actor);
    const publication = await publications.wait(JSON.stringify([actor.name, fields]), publish, signal);
    if (publication.isDone) return context.json(publication.result, 201);
    return context.json({ state: "publishing" }, 202, { "Retry-After": "1" });
  });

  function readPublication(fields: Fields, actor: Actor): () => Promise<PublishedVersion> {
    const channel = text(fields.channel ?? "release", "channel");
    const source = hostedSource(fields);
    if (source) return () => publishHosted(source, channel, actor);
    const id = text(fields.upload, "upload");
    const fileName = text(fields.fileName, "fileName");
    const hosting = fields.hosting === undefined ? undefined : storingHosting(fields.hosting);
    // Before the file is sent.
    if (fields.size !== undefined) checkFits(wholeNumber(fields.size, "size"), hosting);
    return () => uploads.publish({ id, fileName, channel, hosting }, actor);
  }

  api.post("/links", async (context) => {
    const { item, channel, recipient, days } = await readFields(context.req.raw);
    if (days !== undefined && typeof days !== "number") throw new FieldError("days", "a number");
    const { id, secret, expiresAt } = await linksOf(context.var.actor).create({
      item: text(item, "item"),
      channel: text(channel ?? "release", "channel"),
      recipient: text(recipient, "recipient"),
      days,
    });
    return context.json({ id, url: manifestUrl(secret), page: installPageUrl(secret), expiresAt }, 201);
  });

  api.all("*", () => problem(404, "not_found", "The API has no such path."));
  api.onError((error, context) => {
    if (error instanceof FieldError) return problem(400, "field_invalid", error.message);
    if (isIssuerError(error)) return problem(422, error.code, error.message);
    if (isDepotError(error)) return problem(statusOf(error.code), error.code, error.message, {}, error.remedy);
    context.env.report({ problem: error.message });
    if (isDiskFull(error)) return problem(507, "disk_full", "The depot's disk is full: nothing was changed.");
    return problem(503, "unavailable", "The depot is not available at the moment.", { "Retry-After": "10" });
  });
  return api;
}

/** A JSON body, or a member of it, that has the wrong type. */
class FieldError extends Error {
  constructor(name: string | undefined, type: string) {
    super(`The ${name === undefined ? "" : `member ${name} of the `}JSON body must be ${type}.`);
  }
}

function text(value: unknown, name: string): string {
  if (typeof value !== "string" || value.includes("\0")) throw new FieldError(name, "a string without NUL characters");
  return value;
}

function wholeNumber(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new FieldError(name, "a whole number");
}

function storingHosting(value: unknown): StoringHosting {
  if (value === "data-folder" || value === "database" || value === "origin") return value;
  throw new FieldError("hosting", "data-folder, database or origin");
}

/** The location of a file that is not uploaded. */
function hostedSource({ url, object }: Fields): HostedSource | undefined {
  if (url !== undefined) return { hosting: "web-server", url: text(url, "url") };
  return object === undefined ? undefined : { hosting: "origin", object: text(object, "object") };
}

async function readFields(request: Request): Promise<Fields> {
  const body: unknown = await request.json().catch(() => undefined);
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new FieldError(undefined, "an object");
}

function statusOf(code: DepotErrorCode): number {
  return code === "upload_unknown" || code === "item_unknown" || code === "channel_unknown" ? 404 : 400;
}

/** A problem document (RFC 9457) with the code of the error. */
function problem(
  status: number,
  code: string,
  detail: string,
  more: Readonly<Record<string, string>> = {},
  remedy?: string,
): Response {
  const headers = { "Content-Type": "application/problem+json", "Cache-Control": "no-store", ...more };
  return new Response(JSON.stringify({ type: "about:blank", status, code, detail, remedy }), { status, headers });
}
