import type { Issuer } from "@portcullis/issuer";
import type { ConfigurationRow, Database } from "../store/schema.ts";
import { readSetting, writeSetting } from "../store/settings.ts";

/** A public key whose tokens are accepted. */
export interface VerificationKey {
  readonly keyId: string;
  readonly pem: string;
  /** When the last token that it signed has expired, in seconds since 1970; `undefined` while it signs. */
  readonly acceptedUntil: number | undefined;
}

/** The keys whose tokens are accepted; `now` in seconds. */
export async function acceptedKeys(db: Database, now: number): Promise<readonly VerificationKey[]> {
  const rows = await db
    .selectFrom("verification_key")
    .select(["key_id", "pem", "accepted_until"])
    .where((is) => is.or([is("accepted_until", "is", null), is("accepted_until", ">", Math.floor(now))]))
    .orderBy("key_id")
    .execute();
  return rows.map(({ key_id, pem, accepted_until }) => ({
    keyId: key_id,
    pem,
    acceptedUntil: accepted_until ?? undefined,
  }));
}

/** The key of this issuer signs from now on; every other one is retired. */
export async function changeSigningKey(transaction: Database, issuer: Issuer, lastExpiry: number): Promise<void> {
  const { keyId, pem } = issuer.publicKey();
  await transaction
    .insertInto("verification_key")
    .values({ key_id: keyId, pem, accepted_until: null })
    .onConflict((conflict) => conflict.column("key_id").doUpdateSet({ accepted_until: null }))
    .execute();
  await retireKeys(transaction, keyId, lastExpiry);
}

/**
 * When the last token that was issued until now expires: one that was issued before the expiry was shortened can outlive
 * those that were issued after.
 */
export async function lastExpiry(
  transaction: Database,
  before: ConfigurationRow | undefined,
  now: number,
): Promise<number> {
  const name = "last_token_expiry";
  const earlier = Number((await readSetting(transaction, name)) ?? 0);
  const latest = Math.max(earlier, before ? Math.ceil(now) + before.token_expiry * 60 : 0);
  await writeSetting(transaction, name, String(latest));
  return latest;
}

/** Every other key is accepted until the last token that it could have signed has expired. */
export async function retireKeys(transaction: Database, signing: string | undefined, until: number): Promise<void> {
  await transaction
    .updateTable("verification_key")
    .set({ accepted_until: until })
    .where("accepted_until", "is", null)
    .where("key_id", "!=", signing ?? "")
    .execute();
}

/** A thief can sign tokens with any expiry, so waiting for the last one to expire is not enough. */
export async function revokeKeys(transaction: Database, signing: string): Promise<void> {
  await transaction.updateTable("verification_key").set({ accepted_until: 0 }).where("key_id", "!=", signing).execute();
}
