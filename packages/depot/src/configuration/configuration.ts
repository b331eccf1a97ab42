import { createIssuer, type Issuer } from "@portcullis/issuer";
import type { RecordChange } from "../audit/audit.ts";
import { depotError } from "../depot-error.ts";
import type { Store } from "../store/open-store.ts";
import type { ConfigurationRow, Database } from "../store/schema.ts";
import { readSetting, writeSetting } from "../store/settings.ts";
import type { DataKey } from "./data-key.ts";
import { generateEncryptionKey } from "./generate-encryption-key.ts";
import {
  acceptedKeys,
  changeSigningKey,
  lastExpiry,
  retireKeys,
  revokeKeys,
  type VerificationKey,
} from "./verification-keys.ts";

/** The fields of Jamf Pro's form, except the key, which is write-only. */
export interface ConfigurationRecord {
  readonly id: number;
  readonly displayName: string;
  /** In minutes, 1 to 120. */
  readonly tokenExpiry: number;
  readonly enabled: boolean;
  /** RFC 7638 thumbprint of the key. */
  readonly keyId: string;
}

/** What can be saved; a new configuration needs all but `enabled`. */
export interface ConfigurationChange {
  readonly displayName?: string | undefined;
  /** An RSA private key in PEM form. */
  readonly encryptionKey?: string | undefined;
  readonly tokenExpiry?: number | undefined;
  readonly enabled?: boolean | undefined;
  /**
   * Whether tokens of all earlier keys are refused from now on, because one was stolen; default `false`: each earlier
   * key is accepted until the last token that it signed has expired. Downloads that begin or resume with such a token
   * fail.
   */
  readonly revokeOldKeys?: boolean | undefined;
}

/** The JSON Web Token configuration of a depot: one or none. */
export interface Configuration {
  /** Creates a configuration with a new key if there has never been one. */
  createFirst(): Promise<void>;
  read(): Promise<ConfigurationRecord | undefined>;
  /** Saves all of the change or nothing. A replaced key stays valid for verifying until its last token has expired. */
  save(change: ConfigurationChange): Promise<ConfigurationRecord>;
  /** Creates a configuration; throws `configuration_exists` if there is one. */
  create(change: ConfigurationChange): Promise<ConfigurationRecord>;
  /** No token is issued until there is a configuration again; those that were issued stay valid until they expire. */
  remove(): Promise<void>;
  /**
   * The issuer of the current configuration in the database.
   *
   * @param revision - the revision that the caller has just read; if it is unchanged since the last use, nothing is
   *   read
   */
  issuer(revision?: number): Promise<Issuer>;
  /** The keys whose tokens are accepted now. */
  verificationKeys(): Promise<readonly VerificationKey[]>;
}

const firstDisplayName = "Portcullis depot";
/** Long enough to start the download of a large app: a download in progress is not interrupted. */
const firstTokenExpiry = 30;

/** Creates the functions that read and change the configuration in the database; `now` in seconds. */
export function createConfiguration(
  store: Store,
  dataKey: DataKey,
  now: () => number,
  recordChange: RecordChange,
): Configuration {
  const { db } = store;
  let cached: { readonly revision: number; readonly issuer: Issuer } | undefined;

  function issuerOf(row: ConfigurationRow): Issuer {
    return createIssuer({
      displayName: row.display_name,
      encryptionKey: dataKey.unseal(row.sealed_key),
      tokenExpiry: row.token_expiry,
      enabled: row.enabled === 1,
      pathBound: true,
      now,
    });
  }

  const keyIdOf = (row: ConfigurationRow): string =>
    cached?.revision === row.revision ? cached.issuer.keyId : issuerOf(row).keyId;

  async function current(): Promise<{ readonly row: ConfigurationRow; readonly issuer: Issuer } | undefined> {
    const row = await onlyRow(db);
    if (!row) return undefined;
    if (cached?.revision !== row.revision) cached = { revision: row.revision, issuer: issuerOf(row) };
    return { row, issuer: cached.issuer };
  }

  /** `found` decides what happens if there is a configuration: another depot might have created one in the meantime. */
  async function save(change: ConfigurationChange, found: "change" | "keep" | "refuse"): Promise<ConfigurationRecord> {
    const row = await store.write(async (transaction) => {
      const before = await onlyRow(transaction);
      if (before && found === "keep") return before;
      if (before && found === "refuse") throw exists();
      const encryptionKey = change.encryptionKey ?? (before && dataKey.unseal(before.sealed_key));
      const settings = {
        displayName: change.displayName ?? before?.display_name,
        encryptionKey,
        tokenExpiry: change.tokenExpiry ?? before?.token_expiry,
        enabled: change.enabled ?? (before ? before.enabled === 1 : true),
      };
      // It checks every field, and its errors name the invalid one.
      const issuer = createIssuer({ ...settings, now } as Parameters<typeof createIssuer>[0]);
      const saved: ConfigurationRow = {
        id: before?.id ?? (await nextOf(transaction, "last_configuration")),
        display_name: issuer.displayName,
        sealed_key: dataKey.seal(String(encryptionKey)),
        token_expiry: issuer.tokenExpiry,
        enabled: issuer.enabled ? 1 : 0,
        revision: await nextOf(transaction, "last_revision"),
      };
      await transaction.deleteFrom("configuration").execute();
      await transaction.insertInto("configuration").values(saved).execute();
      await changeSigningKey(transaction, issuer, await lastExpiry(transaction, before, now()));
      const isNewKey = before !== undefined && keyIdOf(before) !== issuer.keyId;
      const subject = issuer.displayName;
      await recordChange(transaction, {
        action: before ? "configuration_saved" : "configuration_created",
        subject,
        detail: `token expiry ${issuer.tokenExpiry} min, ${issuer.enabled ? "enabled" : "disabled"}`,
      });
      if (isNewKey) await recordChange(transaction, { action: "key_replaced", subject, detail: `key ${issuer.keyId}` });
      if (change.revokeOldKeys) {
        await revokeKeys(transaction, issuer.keyId);
        await recordChange(transaction, { action: "old_keys_revoked", subject });
      }
      return saved;
    });
    return record(row, issuerOf(row));
  }

  return {
    async createFirst() {
      if (await hasHadOne(db)) return void (await current()); // which fails if the data key is the wrong one
      const encryptionKey = await generateEncryptionKey();
      await save({ displayName: firstDisplayName, encryptionKey, tokenExpiry: firstTokenExpiry }, "keep");
    },
    async read() {
      const found = await current();
      return found && record(found.row, found.issuer);
    },
    save: (change) => save(change, "change"),
    create: (change) => save(change, "refuse"),
    async remove() {
      await store.write(async (transaction) => {
        const before = await onlyRow(transaction);
        if (!before) throw missing();
        await transaction.deleteFrom("configuration").execute();
        await retireKeys(transaction, undefined, await lastExpiry(transaction, before, now()));
        await recordChange(transaction, { action: "configuration_removed", subject: before.display_name });
      });
    },
    async issuer(revision) {
      if (cached && revision === cached.revision) return cached.issuer;
      const found = await current();
      if (!found) throw missing();
      return found.issuer;
    },
    verificationKeys: () => acceptedKeys(db, now()),
  };
}

async function onlyRow(db: Database): Promise<ConfigurationRow | undefined> {
  return db.selectFrom("configuration").selectAll().executeTakeFirst();
}

function record({ id }: ConfigurationRow, issuer: Issuer): ConfigurationRecord {
  const { displayName, tokenExpiry, enabled, keyId } = issuer;
  return { id, displayName, tokenExpiry, enabled, keyId };
}

async function hasHadOne(db: Database): Promise<boolean> {
  return (await readSetting(db, "last_configuration")) !== undefined;
}

/** The next of a sequence of numbers. */
async function nextOf(transaction: Database, name: string): Promise<number> {
  const next = Number((await readSetting(transaction, name)) ?? 0) + 1;
  await writeSetting(transaction, name, String(next));
  return next;
}

function exists(): Error {
  return depotError(
    "configuration_exists",
    "A configuration already exists, and there can be only one",
    "Change it, or remove it first",
  );
}

function missing(): Error {
  return depotError(
    "configuration_missing",
    "There is no JSON Web Token configuration, so no token can be issued",
    "Save one on the configuration page",
  );
}
