import { nextNumber } from "../store/next-number.ts";
import type { Database } from "../store/schema.ts";

/** Who makes a change. */
export interface Actor {
  /** For example `"administrator"`. */
  readonly name: string;
  /** The address that the request came from. */
  readonly address?: string | undefined;
}

/** Every kind of change, in the words of the audit log. */
export const auditActions = {
  configuration_created: "created the configuration",
  configuration_saved: "saved the configuration",
  configuration_removed: "removed the configuration",
  api_token_created: "created an API token",
  api_token_revoked: "revoked an API token",
  key_replaced: "replaced the encryption key",
  old_keys_revoked: "revoked all earlier encryption keys",
  item_published: "published a version",
  hosting_changed: "moved a version",
  channel_set: "set a channel",
  channel_rolled_back: "rolled back a channel",
  link_created: "created a link",
  link_revoked: "revoked a link",
  password_set: "set the administrator's password",
  password_changed: "changed the administrator's password",
  setup_link_created: "created a setup link",
  signed_in: "signed in",
  signed_out: "signed out",
} as const;

/** A stable name for one kind of change. */
export type AuditAction = keyof typeof auditActions;

/** One change. */
export interface AuditEntry {
  readonly action: AuditAction;
  /** What was changed. Neither this nor the detail contains a secret. */
  readonly subject: string;
  /** How it was changed. */
  readonly detail?: string | undefined;
}

/** An entry of the audit log. */
export interface AuditRecord extends AuditEntry {
  /** 1, 2, 3 and so on, in the order of the changes. */
  readonly number: number;
  /** Seconds since 1970. */
  readonly changedAt: number;
  readonly actor: Actor;
}

/** Writes an entry in the transaction of the change itself, so that neither exists without the other. */
export type RecordChange = (transaction: Database, entry: AuditEntry) => Promise<void>;

/** Creates the function that records what an actor changes; `now` in seconds. */
export function recordChanges(actor: Actor, now: () => number): RecordChange {
  return async (transaction, { action, subject, detail }) => {
    const who = { actor: actor.name, address: actor.address ?? null };
    const what = { action, subject, detail: detail ?? null };
    const row = { number: await nextNumber(transaction, "audit"), changed_at: Math.floor(now()), ...who, ...what };
    await transaction.insertInto("audit").values(row).execute();
  };
}

/** Lists at most `limit` changes, newest first; `before` continues a list after the entry with this number. */
export async function listChanges(
  db: Database,
  { limit, before }: { readonly limit: number; readonly before?: number | undefined },
): Promise<readonly AuditRecord[]> {
  const query = db.selectFrom("audit").selectAll().orderBy("number", "desc").limit(limit);
  const rows = await (before === undefined ? query : query.where("number", "<", before)).execute();
  return rows.map(({ number, changed_at, actor, address, action, subject, detail }) => ({
    number,
    changedAt: changed_at,
    actor: { name: actor, address: address ?? undefined },
    action: action as AuditAction,
    subject,
    detail: detail ?? undefined,
  }));
}
