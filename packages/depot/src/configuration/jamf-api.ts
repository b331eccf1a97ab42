import {
  type ConfigurationApiStore,
  createConfigurationApi,
  readApiConfiguration,
  writeApiConfiguration,
  writeApiList,
} from "@portcullis/issuer";
import type { AdminContext } from "../admin/admin-environment.ts";
import type { Actor } from "../audit/audit.ts";
import { depotError } from "../depot-error.ts";
import type { Administrator } from "../sign-in/administrator.ts";
import type { Configuration, ConfigurationChange, ConfigurationRecord } from "./configuration.ts";

/** Where Jamf Pro's API is on the listener of the administration pages. */
export const jamfApiPath = "/JSSResource/*";

/** What the API uses. */
export interface JamfApiParts {
  readonly administrator: Pick<Administrator, "checkPassword">;
  configurationFor(actor: Actor): Configuration;
}

/**
 * Makes the handler of Jamf Pro's `/JSSResource/jsonwebtokenconfigurations`. A client sends the administrator's password
 * (`Basic`, with the user name `administrator`). An API token is not enough: a job that publishes must not be able to
 * replace the key.
 */
export function createJamfApi(parts: JamfApiParts): (context: AdminContext) => Promise<Response> {
  return async (context) => {
    const { req, env } = context;
    // A browser can have been told the password, and would send it with the forms of other sites.
    if (req.header("Origin") !== undefined || req.header("Sec-Fetch-Site") !== undefined)
      return context.text("This API is for programs, not for browsers.\n", 403);
    const found = await findActor(req.header("Authorization") ?? "", env.address, parts);
    if (typeof found === "number") return tooManyAttempts(found);
    const store = storeOf(parts.configurationFor(found ?? { name: "nobody" }));
    const response = await createConfigurationApi(store, { authorize: () => found !== undefined })(req.raw);
    if (response.status === 401) response.headers.set("WWW-Authenticate", 'Basic realm="Portcullis depot"');
    return response;
  };
}

/** Who it is; `undefined` if nobody, and a number of seconds to wait after too many attempts. */
async function findActor(
  authorization: string,
  address: string | undefined,
  { administrator }: JamfApiParts,
): Promise<Actor | number | undefined> {
  const [, credentials = ""] = /^Basic +(\S+)$/i.exec(authorization) ?? [];
  const [, password] = /^administrator:(.+)$/s.exec(Buffer.from(credentials, "base64").toString("utf8")) ?? [];
  if (password === undefined) return undefined;
  const { outcome, retryAfter } = await administrator.checkPassword(password, address);
  if (outcome === "too_many_attempts") return retryAfter;
  return outcome === "right" ? { name: "administrator by API", address } : undefined;
}

/** The configuration in the representations of Jamf's API. */
function storeOf(configuration: Configuration): ConfigurationApiStore {
  async function find(id: number): Promise<ConfigurationRecord> {
    const record = await configuration.read();
    if (record?.id === id) return record;
    throw depotError(
      "configuration_unknown",
      "There is no configuration with this id: list the configurations to find it.",
    );
  }
  return {
    async list(format) {
      const record = await configuration.read();
      return writeApiList(record ? [represent(record)] : [], format);
    },
    read: async (id, format) => writeApiConfiguration(represent(await find(id)), format),
    create: async (representation) => ({ id: (await configuration.create(changeOf(representation))).id }),
    async update(id, representation) {
      const change = changeOf(representation);
      await find(id);
      await configuration.save(change);
    },
    async remove(id) {
      await find(id);
      await configuration.remove();
    },
  };
}

function represent({ id, displayName, enabled, tokenExpiry }: ConfigurationRecord) {
  return { id, name: displayName, disabled: !enabled, token_expiry: tokenExpiry };
}

/** The id in a representation is ignored: as with Jamf Pro, the URL identifies the configuration. */
function changeOf(representation: string | Uint8Array): ConfigurationChange {
  const { name, disabled, encryption_key, token_expiry } = readApiConfiguration(representation);
  return {
    displayName: name,
    enabled: disabled === undefined ? undefined : !disabled,
    encryptionKey: encryption_key,
    tokenExpiry: token_expiry,
  };
}

function tooManyAttempts(seconds: number): Response {
  const headers = { "Retry-After": String(seconds), "Cache-Control": "no-store" };
  return new Response("Too many attempts with a wrong password.\n", { status: 429, headers });
}
