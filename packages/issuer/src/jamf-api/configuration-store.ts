import { issuerError } from "../issuer-error.ts";
import { createIssuer, type Issuer } from "../token/issuer.ts";
import type { JwtConfiguration } from "../token/jwt-configuration.ts";
import { type ApiFormat, readApiConfiguration, writeApiConfiguration, writeApiList } from "./api-representation.ts";

/**
 * The JSON Web Token configurations of one Jamf Pro instance, as its API keeps them: there is one,
 * or none. For a lab that plays Jamf Pro.
 */
export interface ConfigurationStore {
  /** All of them: ids and names. */
  list(format: ApiFormat): string;
  /** Takes one in, as JSON or XML; a second one is refused with `configuration_exists`. */
  create(representation: string): { readonly id: number };
  /** Everything but the key. */
  read(id: number, format: ApiFormat): string;
  /** Changes what the representation names, and nothing else; all of it or nothing. */
  update(id: number, representation: string): void;
  remove(id: number): void;
  /** The issuer that a configuration describes; it does not change when the configuration does. */
  issuer(id: number): Issuer;
}

interface Stored {
  readonly id: number;
  readonly configuration: JwtConfiguration;
  readonly issuer: Issuer;
}

/**
 * Makes an empty store. Wrong fields throw core's configuration error; unknown ids throw
 * `configuration_unknown`; text that is no representation throws `representation_malformed`.
 *
 * Unlike Jamf Pro, it wants `token_expiry` on creation: there an omitted one is stored as 0, and
 * every token is born expired.
 *
 * @param options - `now` and `onWarning` of `createIssuer`
 *
 * @example
 * const store = createConfigurationStore();
 * const { id } = store.create(requestBody);
 * const token = await store.issuer(id).issueToken();
 */
export function createConfigurationStore(
  options: Pick<JwtConfiguration, "now" | "onWarning"> = {},
): ConfigurationStore {
  const { now, onWarning } = options;
  // In a closure and not on the object: the key must not be there to be read.
  let stored: Stored | undefined;
  let lastId = 0;

  function find(id: number): Stored {
    if (stored?.id === id) return stored;
    throw issuerError("configuration_unknown", "There is no configuration with this id: list them first.");
  }

  return Object.freeze({
    list(format) {
      const all = stored ? [{ id: stored.id, name: stored.issuer.displayName }] : [];
      return writeApiList(all, format);
    },
    create(representation) {
      if (stored) {
        throw issuerError(
          "configuration_exists",
          "There is a configuration already, and Jamf Pro keeps one only: update it, or remove it first.",
        );
      }
      const configuration = merge({ now, onWarning }, representation);
      const issuer = createIssuer(configuration);
      lastId += 1;
      stored = { id: lastId, configuration, issuer };
      return { id: lastId };
    },
    read(id, format) {
      const { displayName, enabled, tokenExpiry } = find(id).issuer;
      const fields = { id, name: displayName, disabled: !enabled, token_expiry: tokenExpiry };
      return writeApiConfiguration(fields, format);
    },
    update(id, representation) {
      const configuration = merge(find(id).configuration, representation);
      stored = { id, configuration, issuer: createIssuer(configuration) };
    },
    remove(id) {
      find(id);
      stored = undefined;
    },
    issuer: (id) => find(id).issuer,
  } satisfies ConfigurationStore);
}

/** The id of a representation is not looked at: as with Jamf Pro, the URL says which one is meant. */
function merge(before: Partial<JwtConfiguration>, representation: string): JwtConfiguration {
  const { name, disabled, encryption_key, token_expiry } = readApiConfiguration(representation);
  return {
    ...before,
    ...(name !== undefined && { displayName: name }),
    ...(disabled !== undefined && { enabled: !disabled }),
    ...(encryption_key !== undefined && { encryptionKey: encryption_key }),
    ...(token_expiry !== undefined && { tokenExpiry: token_expiry }),
  } as JwtConfiguration;
}
