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
import type { BearerTokens } from "../sign-in/bearer-tokens.ts";
import type { Configuration, ConfigurationChange, ConfigurationRecord } from "./configuration.ts";
import { bearerOf, forPrograms, isBrowser, passwordOf, tooManyAttempts } from "./jamf-authorization.ts";

/** Where Jamf Pro's API is on the listener of the administration pages. */
export const jamfApiPath = "/JSSResource/*";

/** What the API uses. */
export interface JamfApiParts {
  readonly administrator: Pick<Administrator, "checkPassword">;
  readonly bearerTokens: BearerTokens;
  configurationFor(actor: Actor): Configuration;
}

/**
 * Creates the handler of Jamf Pro's `/JSSResource/jsonwebtokenconfigurations`. A client sends a token that it got by
 * signing in, or the administrator's password (`Basic`, with the user name `administrator`). An API token is not enough:
 * a job that publishes must not be able to replace the key.
 */
export function createJamfApi(parts: JamfApiParts): (context: AdminContext) => Promise<Response> {
  return async ({ req, env }) => {
    if (isBrowser(req)) return forPrograms();
    const found = await findActor(req.header("Authorization") ?? "", env.address, parts);
    if (typeof found === "number") return tooManyAttempts(found);
    const store = storeOf(parts.configurationFor(found ?? { name: "nobody" }));
    const response = await createConfigurationApi(store, { authorize: () => found !== undefined })(req.raw);
    if (response.status === 401) response.headers.set("WWW-Authenticate", 'Basic realm="Portcullis depot", Bearer');
    return response;
  };
}

/**
 * Who makes the request; `undefined` if the credentials are wrong; after too many attempts, how many seconds to wait.
 */
async function findActor(
  authorization: string,
  address: string | undefined,
  { administrator, bearerTokens }: JamfApiParts,
): Promise<Actor | number | undefined> {
  const actor = { name: "administrator by API", address };
  const token = bearerOf(authorization);
  if (token !== undefined) return (await bearerTokens.isValid(token)) ? actor : undefined;
  const password = passwordOf(authorization);
  if (password === undefined) return undefined;
  const { outcome, retryAfter } = await administrator.checkPassword(password, address);
  if (outcome === "too_many_attempts") return retryAfter;
  return outcome === "right" ? actor : undefined;
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
