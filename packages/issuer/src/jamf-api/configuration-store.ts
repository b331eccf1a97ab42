import { issuerError } from "../issuer-error.ts";
import { createIssuer, type Issuer } from "../token/issuer.ts";
import type { JwtConfiguration } from "../token/jwt-configuration.ts";
import {
  type ApiConfiguration,
  type ApiFormat,
  readApiConfiguration,
  writeApiConfiguration,
  writeApiList,
} from "./api-representation.ts";

/**
 * The JSON Web Token configurations of one Jamf Pro instance, as in its API: one or none. It is meant
 * for a lab without Jamf Pro.
 */
export interface ConfigurationStore {
  /** All configurations: full records without their keys. */
  list(format: ApiFormat): string;
  /** Adds a configuration from JSON or XML; a second one is refused with `configuration_exists`. */
  create(representation: string | Uint8Array): { readonly id: number };
  /** Everything but the key. */
  read(id: number, format: ApiFormat): string;
  /** Changes all members that the representation contains, and nothing else; if one is invalid, nothing is changed. */
  update(id: number, representation: string | Uint8Array): void;
  remove(id: number): void;
  /** The issuer of a configuration; later updates do not change it. */
  issuer(id: number): Issuer;
}

interface Stored {
  readonly id: number;
  readonly configuration: JwtConfiguration;
  readonly issuer: Issuer;
}

/**
 * Creates an empty store. Invalid fields throw core's configuration error; unknown ids throw
 * `configuration_unknown`; text that is not a representation throws `representation_malformed`.
 *
 * Two differences from Jamf Pro are deliberate. `token_expiry` is required on creation: Jamf Pro
 * stores 0 if it is omitted, and every token is then issued already expired. An `encryption_key` that is not
 * an RSA private key in PEM form is refused: Jamf Pro stores any text, and cannot sign with it.
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
  // In the closure, not on the object, so that the key cannot be read.
  let stored: Stored | undefined;
  let lastId = 0;

  function find(id: number): Stored {
    if (stored?.id === id) return stored;
    throw issuerError(
      "configuration_unknown",
      "There is no configuration with this id: list the configurations to find it.",
    );
  }

  return Object.freeze({
    list(format) {
      return writeApiList(stored ? [record(stored)] : [], format);
    },
    create(representation) {
      if (stored) {
        throw issuerError(
          "configuration_exists",
          "A configuration already exists, and Jamf Pro has at most one: update it, or remove it first.",
        );
      }
      const configuration = merge({ now, onWarning }, representation);
      const issuer = createIssuer(configuration);
      lastId += 1;
      stored = { id: lastId, configuration, issuer };
      return { id: lastId };
    },
    read(id, format) {
      return writeApiConfiguration(record(find(id)), format);
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

/** Everything but the key. */
function record({ id, issuer }: Stored): Omit<ApiConfiguration, "encryption_key"> {
  const { displayName, enabled, tokenExpiry } = issuer;
  return { id, name: displayName, disabled: !enabled, token_expiry: tokenExpiry };
}

/** The id in a representation is ignored: as with Jamf Pro, the URL identifies the configuration. */
function merge(before: Partial<JwtConfiguration>, representation: string | Uint8Array): JwtConfiguration {
  const { name, disabled, encryption_key, token_expiry } = readApiConfiguration(representation);
  return {
    ...before,
    ...(name !== undefined && { displayName: name }),
    ...(disabled !== undefined && { enabled: !disabled }),
    ...(encryption_key !== undefined && { encryptionKey: encryption_key }),
    ...(token_expiry !== undefined && { tokenExpiry: token_expiry }),
  } as JwtConfiguration;
}
