import { isConfigurationError } from "@portcullis/core";
import { type IssuerErrorCode, isIssuerError } from "../issuer-error.ts";
import { type ApiFormat, writeApiConfiguration } from "./api-representation.ts";

/** Options of {@link createConfigurationApi}. */
export interface ConfigurationApiOptions {
  /**
   * Decides whether a request is allowed, for example by its `Authorization` header. Required: anyone
   * who is allowed can replace the key that signs the tokens.
   */
  readonly authorize: (request: Request) => boolean | Promise<boolean>;
}

type Awaitable<Value> = Value | Promise<Value>;

/** What the API reads and changes: a `ConfigurationStore`, or an asynchronous store of your own. */
export interface ConfigurationApiStore {
  list(format: ApiFormat): Awaitable<string>;
  create(representation: string | Uint8Array): Awaitable<{ readonly id: number }>;
  read(id: number, format: ApiFormat): Awaitable<string>;
  update(id: number, representation: string | Uint8Array): Awaitable<void>;
  remove(id: number): Awaitable<void>;
}

/** A configuration with a key of 8192 bits takes less than 10 KB. */
const longestBody = 64 * 1024;
const resource = /\/JSSResource\/jsonwebtokenconfigurations(?:\/id\/(\d{1,9}))?\/?$/;

const statuses: Partial<Record<IssuerErrorCode, number>> = {
  configuration_unknown: 404,
  configuration_exists: 409,
  representation_malformed: 400,
};

/**
 * Creates a `fetch` handler for Jamf Pro's `/JSSResource/jsonwebtokenconfigurations`, with its status
 * codes: GET and HEAD 200, POST `/id/0` 201 with the new id only, PUT 201 without a body, DELETE 200, an unknown
 * id 404, a second configuration 409. Responses are XML unless `Accept` asks for JSON. A prefix before
 * `/JSSResource` is ignored.
 *
 * Unlike Jamf Pro, it refuses an encryption key that is not an RSA private key in PEM form (409): Jamf
 * Pro stores any text, and then cannot sign with it.
 *
 * @example
 * const handle = createConfigurationApi(createConfigurationStore(), {
 *   authorize: (request) => request.headers.get("authorization") === `Bearer ${secret}`,
 * });
 * const response = await handle(new Request("https://lab.example/JSSResource/jsonwebtokenconfigurations"));
 */
export function createConfigurationApi(
  store: ConfigurationApiStore,
  { authorize }: ConfigurationApiOptions,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const path = resource.exec(new URL(request.url).pathname);
    if (!path) return text(404, "No such resource.");
    // Only `true` allows a request: any other truthy value is a mistake in the function.
    if ((await authorize(request)) !== true) return text(401, "Authorization is missing or invalid.");
    const [, id] = path;
    try {
      return id === undefined ? await listAll(store, request) : await serveOne(store, request, Number(id));
    } catch (error) {
      if (isConfigurationError(error)) return text(409, error.message);
      if (isIssuerError(error)) return text(statuses[error.code] ?? 500, error.message);
      throw error;
    }
  };
}

async function listAll(store: ConfigurationApiStore, request: Request): Promise<Response> {
  if (!isRead(request)) return notAllowed("GET, HEAD");
  const format = formatOf(request);
  return body(200, await store.list(format), format);
}

async function serveOne(store: ConfigurationApiStore, request: Request, id: number): Promise<Response> {
  const format = formatOf(request);
  switch (request.method) {
    case "GET":
    case "HEAD":
      return body(200, await store.read(id, format), format);
    case "POST": {
      if (id !== 0) return text(400, "Post a new configuration to /id/0.");
      const representation = await readBody(request);
      if (representation === undefined) return text(413, "The body is longer than 64 KiB.");
      return body(201, writeApiConfiguration(await store.create(representation), format), format);
    }
    case "PUT": {
      const representation = await readBody(request);
      if (representation === undefined) return text(413, "The body is longer than 64 KiB.");
      await store.update(id, representation);
      return new Response(null, { status: 201, headers: { "Cache-Control": "no-store" } });
    }
    case "DELETE":
      await store.remove(id);
      return body(200, writeApiConfiguration({ id }, format), format);
    default:
      return notAllowed("GET, HEAD, POST, PUT, DELETE");
  }
}

function isRead({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}

/** The body; `undefined` if it is too long, whatever its declared length. */
async function readBody(request: Request): Promise<Uint8Array | undefined> {
  const reader = request.body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
    length += part.value.length;
    if (length > longestBody) return undefined;
    chunks.push(part.value);
  }
  return Buffer.concat(chunks);
}

/**
 * The format with the highest weight in `Accept`, the first one if several have it (RFC 9110 section 12.5.1); XML if
 * there is none. Jamf's own client lists both, JSON with the lower weight.
 */
function formatOf(request: Request): ApiFormat {
  let format: ApiFormat = "xml";
  let highest = 0;
  for (const range of (request.headers.get("accept") ?? "").toLowerCase().split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
    const [, named] = /[/+](json|xml)$/.exec(type) ?? [];
    const weight = Number(parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? 1);
    if (named === undefined || !(weight > highest)) continue;
    format = named as ApiFormat;
    highest = weight;
  }
  return format;
}

function body(status: number, content: string, format: ApiFormat): Response {
  const type = format === "json" ? "application/json" : "text/xml;charset=UTF-8";
  return new Response(content, { status, headers: { "Content-Type": type, "Cache-Control": "no-store" } });
}

function text(status: number, message: string): Response {
  const headers = { "Content-Type": "text/plain;charset=UTF-8", "Cache-Control": "no-store" };
  return new Response(`${message}\n`, { status, headers });
}

function notAllowed(allow: string): Response {
  const response = text(405, `Allowed methods: ${allow}.`);
  response.headers.set("Allow", allow);
  return response;
}
